"""Words of plain language and of computing: what follows `user` or `host` in a message without being a name."""

# Lower case; verbs and nouns told by their ending (`ENDINGS`) are left out.
PLAIN = frozenset(
    word
    for line in (
        "self high low long short non pre post co multi cross side third party built end sub super auto semi well full half double single",
        "a able absent access account accounts action actions active adapter address addresses administrator affinity",
        "after again agent agents agreement alert alerts alfred alias all allocation already also always amount an and",
        "anonymous another any api appears application archive are argument array article artifact as asset assets at",
        "attachment attribute audience audio audit auth authentication author authorization available avatar away",
        "backend backup backups balance balancer ban bandwidth bank basket bastion batch be became because been before",
        "began behind billing bind binding bindings bios block blocks board body boolean boot both bridge broke broker",
        "build builds bundle busy but by cache caches call callback came campaign can cannot capacity card cart catalog",
        "catalogue cell cert certificate certificates challenge channel channels charge charset checkout checksum chunk",
        "cipher class client clients clock cluster code collector collision column columns command commands comment",
        "comments companies company compression condition config configuration confirmation conflict connection consent",
        "constraint consumer contact contacts container containers content context contract controller cookie cookies",
        "cordon core cores cost could couldn count counter coupon cpu crash creation creator credential credentials",
        "cron currency cycle daemon dashboard data database date dates dead deadlock debug decryption default deletion",
        "department deployment deposit description device devices dhcp did didn died digest directories directory",
        "discount disk disks dns do document documents does doesn domain domains don down download downloads downstream",
        "drain drift driver drivers dump duplicate duplicates during each ed editor egress either email emails empty",
        "encoding encryption entity entry error event events every exception exists exit exits export exporter exports",
        "extension extensions failure fatal fault feature fee feed feedback feeds field file files filesystem filter",
        "fingerprint firewall firmware first flag flags float folder folders follower footer for fork format forwarder",
        "fred friend from frontend ftp ful full function gateway gauge gone got gpu grant grants graph graphql group",
        "groups grpc guests had handle handler handshake hangs hardware has hash hasn have haven head header headers",
        "health heartbeat her here his histogram history holds home hook hooks host how http https hung ible icon id",
        "identifier identity idle if ill image imap import imports in inactive inbox index info information ing ingress",
        "input integer interface interfaces into invalid inventory invitation invite invoice is isn issue it item its",
        "ity ive job jobs journal just kept kerberos kernel key keys kind king label labels lane language last late",
        "latency ldap leak lease ledger left length less level library licence license limit limits link links list",
        "listener lists livelock liveness load locale location lock locks log logger login logs lookup loop lost ly",
        "machine machines made mail manager managers manfred mapping may measure media member members membership memory",
        "ment message messages metadata meter metric metrics mfa might migration migrations mismatch missing mode model",
        "module modules monitor more mount must my name names near needs neither ness network never new next no node",
        "none nor not notice notification notifications ntp null number oauth object objects of off offline old on",
        "onboarding once online only onto open operation option options or order organization organizations other otp",
        "our ous out outbox over overflow own owner owners package packages page panic parameter partition partitions",
        "pass passphrase password passwords path paths payment payout pending per permission permissions photo picture",
        "pin pipeline pipelines plan plugin plugins pod pods point policies policy pool pools port portal ports",
        "position post posts preference preferences present price principal privilege privileges probe process",
        "processes producer product profile program project projects property protocol proxy publisher quantity queries",
        "query queue queues quit quota quotas race rack ran rate rating read readiness ready reboot record records",
        "reference refund region registration registry rejoin relation relationship release replica reply report",
        "request requests resolution resolver resource resources response rest restore result returns review right",
        "rights role roles route router row rows rpc rule rules runner runs runtime said same saml sample says schedule",
        "scheduler schema scope scopes scraper script scripts search seat seats second secret secrets seems segment",
        "selector sensor sent sequence server servers service services session sessions set setting settings setup",
        "shard shards shell shipping should shutdown signature signatures signup since size skew smtp snapshot",
        "snapshots so socket sockets some space ssh ssl sso stale startup starvation state statement station status",
        "stays still stock storage store stream streams string stuck subnet subscriber subscription such sum survey",
        "suspended sync system systems table tables tag tags taint takes target task tasks tax team teams template",
        "templates tenant terminal terms text than that the their then there this thread threads threshold throughput",
        "ticket tickets tier time timeout timer timers timezone tion title tls to token tokens toleration too took",
        "topic total trace traffic transaction transfer translation tree trial trigger triggers tunnel twice type types",
        "ui unavailable under underflow unhealthy unit units unknown unlock unreachable unresponsive until up update",
        "upgrade upload uploads upstream url usage user users utilization valid validation value variable verification",
        "version very via video view viewer views volume volumes voucher vpn wallet wants warning was wasn web webhook",
        "webhooks went were what when where which while who whose why will window wishlist with withdrawal without won",
        "worker workspace workspaces would wouldn write wrong yet your zone",
    )
    for word in line.split()
)
ENDINGS = ("ed", "ing", "ly", "tion", "ment", "ity", "ness", "able", "ible", "less", "ful", "ive", "ous", "ies", "ship")
# Names that end like words.
NAMES = frozenset({"bastion", "station", "king", "ted", "fred", "alfred", "manfred", "winifred"})


def is_plain(word: str) -> bool:
    """Whether a word is one of plain language rather than a name."""
    low = word.lower().rstrip(".")
    return low in PLAIN or (low.isalpha() and low.endswith(ENDINGS) and low not in NAMES)
