"""The guard of every outgoing address that people type in: what may be reached, and a request that goes only there.

A name is resolved once, each of its addresses is judged, and the connection goes to one that was judged, with the name
kept for TLS and `Host`: a second answer of the DNS is never asked for. Redirects are not followed (OWASP ASVS 5: 1.3.6,
13.2.4, 15.3.2).
"""

from console.infra.egress.addresses import Refused, Target, target_of
from console.infra.egress.guard import Failed, Guard, Reply, guard, resolve

__all__ = ["Failed", "Guard", "Refused", "Reply", "Target", "guard", "resolve", "target_of"]
