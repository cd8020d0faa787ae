"""The line between the process that accepts connections and one that serves them: a stream of Unix sockets.

Down it come connections, one at a time with a byte each; up come reports. Its end is the end of either process.
"""

import struct
from typing import Final

#: What comes with a connection, so that there is something for it to come with.
HANDED: Final = b"c"
#: What a serving process says of itself, first when it is ready: connections handed to it so far, and open now.
REPORT: Final = struct.Struct("<QQ")
#: Seconds that requests under way have, once serving is to end.
GRACE: Final = 30
