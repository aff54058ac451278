"""Serve a folder as a mounted share (FUSE, read only) that stops answering when told.

SIGUSR1 makes it take every further request and answer none: who waits for it then cannot be killed. A SIGSTOP makes it
take none: who waits can be killed. When it ends, everyone who waits gets an error.

Arguments: folder, mount point, and where it stops by itself: the number of one of these signals, and the end of the
path of the file or folder that was opened then.
"""

import ctypes
import errno
import os
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path

_IN = struct.Struct("<IIQQIIIHH")
_OUT = struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
_ENTRY = struct.Struct("<QQQQII")
_DIRENT = struct.Struct("<QQII")
_OPEN = {14, 27}
_UNANSWERED = {2, 36, 42}
"""Requests that expect no answer: forget, interrupt, batch forget."""


class FuseShare:
    """Answer the requests of one mount."""

    def __init__(self, folder: str, mount_point: str, stop_signal: str = "0", stop_at: str = "") -> None:
        self.stop_signal, self.stop_at = int(stop_signal), stop_at
        self.paths = {1: folder}
        self.is_silent = False
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"staged", mount_point.encode(), b"fuse.staged", 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount")

    def serve(self) -> None:
        """Answer until the share is unmounted."""
        answers: dict[int, Callable[[int, bytes], bytes]] = {
            1: self._look_up,
            3: lambda node, _: struct.pack("<QII", 0, 0, 0) + self._read_attributes(self.paths[node]),
            14: lambda *_: bytes(16),  # open
            15: self._read,
            17: lambda *_: struct.pack("<QQQQQIIII24x", 1 << 30, 1 << 30, 1 << 30, 1, 1, 4096, 255, 4096, 0),
            18: lambda *_: b"",  # release
            25: lambda *_: b"",  # flush
            26: lambda *_: struct.pack("<IIIIHHIIHHI28x", 7, 31, 65_536, 0, 8, 6, 4_096, 1, 1, 0, 0),
            27: lambda *_: bytes(16),  # open a folder
            28: self._list,
            29: lambda *_: b"",  # release a folder
        }
        while True:
            try:
                request = os.read(self.device, 1 << 20)
            except InterruptedError:
                continue
            except OSError:
                return
            _, operation, unique, node, *_ = _IN.unpack_from(request)
            if operation in _UNANSWERED or self.is_silent:
                continue
            try:
                answer, error = answers[operation](node, request[_IN.size :]), 0
            except KeyError:
                answer, error = b"", errno.ENOSYS
            except OSError as raised:
                answer, error = b"", raised.errno or errno.EIO
            os.write(self.device, _OUT.pack(_OUT.size + len(answer), -error, unique) + answer)
            if operation in _OPEN and self.stop_at and self.paths[node].endswith(self.stop_at):
                os.kill(os.getpid(), self.stop_signal)

    def _look_up(self, parent: int, body: bytes) -> bytes:
        path = f"{self.paths[parent]}/{os.fsdecode(body.split(bytes(1))[0])}"
        attributes = self._read_attributes(path)
        node = os.lstat(path).st_ino
        self.paths[node] = path
        return _ENTRY.pack(node, 0, 0, 0, 0, 0) + attributes

    def _read_attributes(self, path: str) -> bytes:
        found = os.lstat(path)
        times, fractions = [], []
        for moment in (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns):
            times.append(moment // 10**9)
            fractions.append(moment % 10**9)
        return _ATTRIBUTES.pack(
            found.st_ino, found.st_size, found.st_blocks, *times, *fractions,
            found.st_mode, found.st_nlink, found.st_uid, found.st_gid, 0, 4_096, 0,
        )  # fmt: skip

    def _read(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        with Path(self.paths[node]).open("rb") as file:
            return os.pread(file.fileno(), size, offset)

    def _list(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        answer = b""
        with os.scandir(self.paths[node]) as found:
            entries = sorted(found, key=lambda each: each.name)
        for number, entry in list(enumerate(entries, 1))[offset:]:
            name = os.fsencode(entry.name)
            kind = entry.stat(follow_symlinks=False).st_mode >> 12
            one = _DIRENT.pack(entry.inode(), number, len(name), kind) + name
            one += bytes(-len(one) % 8)
            if len(answer) + len(one) > size:
                break
            answer += one
        return answer


if __name__ == "__main__":
    share = FuseShare(*sys.argv[1:])
    signal.signal(signal.SIGUSR1, lambda *_: setattr(share, "is_silent", True))
    os.write(1, b"mounted\n")
    share.serve()
