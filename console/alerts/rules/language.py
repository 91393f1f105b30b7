"""Words of plain language and of computing: what follows `user` or `host` in a message without being a name."""

ENDINGS = ("ed", "ing", "ly", "tion", "ment", "ity", "ness", "able", "ible", "less", "ful", "ive", "ous", "ies", "ship")
# Names that end like words.
NAMES = frozenset({"bastion", "station", "king", "ted", "fred", "alfred", "manfred", "winifred"})


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# Lower case; what is told by its ending may be left out.
PLAIN = _words(
    "a able absent access account accounts action actions active adapter address addresses administrator affinity",
    "after again agent agents agreement alert alerts alfred alias all allocation already also always amount an",
    "and anonymous another any api appears application archive are argument array article artifact as asset",
    "assets at attachment attribute audience audio audit auth authentication author authorization auto available",
    "avatar away backend backup backups balance balancer ban bandwidth bank basket bastion batch be became",
    "because been before began behind billing bind binding bindings bios block blocks board body boolean boot",
    "both bridge broke broker build builds built bundle busy but by cache caches call callback came campaign can",
    "cannot capacity card cart catalog catalogue cell cert certificate certificates challenge channel channels",
    "charge charset checkout checksum chunk cipher class client clients clock cluster co code collector collision",
    "column columns command commands comment comments companies company compression condition config",
    "configuration confirmation conflict connection consent constraint consumer contact contacts container",
    "containers content context contract controller cookie cookies cordon core cores cost could couldn count",
    "counter coupon cpu crash creation creator credential credentials cron cross currency cycle daemon dashboard",
    "data database date dates dead deadlock debug decryption default deletion department deployment deposit",
    "description device devices dhcp did didn died digest directories directory discount disk disks dns do",
    "document documents does doesn domain domains don double down download downloads downstream drain drift",
    "driver drivers dump duplicate duplicates during each ed editor egress either email emails empty encoding",
    "encryption end entity entry error event events every exception exists exit exits export exporter exports",
    "extension extensions failure fatal fault feature fee feed feedback feeds field file files filesystem filter",
    "fingerprint firewall firmware first flag flags float folder folders follower footer for fork format",
    "forwarder fred friend from frontend ftp ful full function gateway gauge gone got gpu grant grants graph",
    "graphql group groups grpc guests had half handle handler handshake hangs hardware has hash hasn have haven",
    "head header headers health heartbeat her here high his histogram history holds home hook hooks host how http",
    "https hung ible icon id identifier identity idle if ill image imap import imports in inactive inbox index",
    "info information ing ingress input integer interface interfaces into invalid inventory invitation invite",
    "invoice is isn issue it item its ity ive job jobs journal just kept kerberos kernel key keys kind king label",
    "labels lane language last late latency ldap leak lease ledger left length less level library licence license",
    "limit limits link links list listener lists livelock liveness load locale location lock locks log logger",
    "login logs long lookup loop lost low ly machine machines made mail manager managers manfred mapping may",
    "measure media member members membership memory ment message messages metadata meter metric metrics mfa might",
    "migration migrations mismatch missing mode model module modules monitor more mount multi must my name names",
    "near needs neither ness network never new next no node non none nor not notice notification notifications",
    "ntp null number oauth object objects of off offline old on onboarding once online only onto open operation",
    "option options or order organization organizations other otp our ous out outbox over overflow own owner",
    "owners package packages page panic parameter partition partitions party pass passphrase password passwords",
    "path paths payment payout pending per permission permissions photo picture pin pipeline pipelines plan",
    "plugin plugins pod pods point policies policy pool pools port portal ports position post posts pre",
    "preference preferences present price principal privilege privileges probe process processes producer product",
    "profile program project projects property protocol proxy publisher quantity queries query queue queues quit",
    "quota quotas race rack ran rate rating read readiness ready reboot record records reference refund region",
    "registration registry rejoin relation relationship release replica reply report request requests resolution",
    "resolver resource resources response rest restore result returns review right rights role roles route router",
    "row rows rpc rule rules runner runs runtime said same saml sample says schedule scheduler schema scope",
    "scopes scraper script scripts search seat seats second secret secrets seems segment selector self semi",
    "sensor sent sequence server servers service services session sessions set setting settings setup shard",
    "shards shell shipping short should shutdown side signature signatures signup since single size skew smtp",
    "snapshot snapshots so socket sockets some space ssh ssl sso stale startup starvation state statement station",
    "status stays still stock storage store stream streams string stuck sub subnet subscriber subscription such",
    "sum super survey suspended sync system systems table tables tag tags taint takes target task tasks tax team",
    "teams template templates tenant terminal terms text than that the their then there third this thread threads",
    "threshold throughput ticket tickets tier time timeout timer timers timezone tion title tls to token tokens",
    "toleration too took topic total trace traffic transaction transfer translation tree trial trigger triggers",
    "tunnel twice type types ui unavailable under underflow unhealthy unit units unknown unlock unreachable",
    "unresponsive until up update upgrade upload uploads upstream url usage user users utilization valid",
    "validation value variable verification version very via video view viewer views volume volumes voucher vpn",
    "wallet wants warning was wasn web webhook webhooks well went were what when where which while who whose why",
    "will window wishlist with withdrawal without won worker workspace workspaces would wouldn write wrong yet",
    "your zone",
)
# What may follow `resolve` or `lookup` and is no host.
NO_HOST = _words(
    "the a an this that host hostname name address server servers",
    "for of to is was in failure error timeout user users by",
)
# Keys, or the last word of keys, whose value (`key=value`) says which one and never why.
DATA_KEYS = _words(
    "account addr address age agent amount arn at attempt attempts az batch bucket build bytes caller charge",
    "checksum client cluster cn commit container correlation count country currency customer datacenter date day",
    "dc dev device digest dir directory disk dn domain dst duration elapsed email etag file filename from gid",
    "goroutine guid hash host hostname id idx index instance invoice ip ip_address job lang language latency len",
    "length line lineno locale login machine mail member mount n name namespace node ns offset order org",
    "organisation organization ou partition path payment peer pid plan pod port price process product queue rack",
    "rank recipient ref referer referrer region release remote request retries retry rev revision row rows run",
    "sender seq sequence server session sha shard shop site size sku source span src store subscription tag",
    "tenant thread tid time timestamp to token took topic total trace transaction try ts ttl txn uid uri url user",
    "user_agent username uuid val value version vm worker zone",
)


def is_plain(word: str) -> bool:
    """Whether a word is one of plain language rather than a name."""
    low = word.lower().rstrip(".")
    return low in PLAIN or (low.isalpha() and low.endswith(ENDINGS) and low not in NAMES)
