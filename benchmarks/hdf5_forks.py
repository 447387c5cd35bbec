"""Processes that read HDF5, forked from a small one that has imported h5py: 3 ms, not 250.

`Forks` starts that one, this file as a script, and `Forked` is one that reads. A request is a byte
and the two pipes of a new reader, whose number is the answer; or a byte and the number of one that
is waited for, and the answer is how it ended.
"""

import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

NUMBER = struct.Struct("q")


class Forked:
    """A process that reads HDF5; of ``subprocess.Popen`` what `Hdf5File` uses.

    Parameters
    ----------
    server : socket.socket
        Of the process that it is forked from.
    """

    def __init__(self, server):
        requests, answers = os.pipe(), os.pipe()
        socket.send_fds(server, [b"r"], [requests[0], answers[1]])
        os.close(requests[0])
        os.close(answers[1])
        self.server, self.returncode = server, None
        self.stdin, self.stdout = os.fdopen(requests[1], "wb"), os.fdopen(answers[0], "rb")
        self.pid = self._number()

    def _number(self):
        return NUMBER.unpack(self.server.recv(NUMBER.size, socket.MSG_WAITALL))[0]

    def kill(self):
        """End the process."""
        if self.returncode is None:
            os.kill(self.pid, 9)  # nobody else has its number before `wait`

    def wait(self, timeout=None):
        """Return how it ended; a process that has closed its pipe ends by itself."""
        if self.returncode is None:
            self.server.sendall(b"w" + NUMBER.pack(self.pid))
            self.returncode = self._number()
        return self.returncode


class Forks:
    """Starts processes for files, in the place of ``Hdf5File._start``; a context manager."""

    def __enter__(self):
        self.server, theirs = socket.socketpair()
        command = [sys.executable, str(Path(__file__))]
        self.process = subprocess.Popen(command, stdin=theirs)
        theirs.close()
        return self

    def __exit__(self, *args):
        self.server.close()
        self.process.wait()

    def start(self, file):
        """Start the process of an open file."""
        file.child = Forked(self.server)
        file.requests, file.answers = file.child.stdin, file.child.stdout
        file._write(b"%s\n" % json.dumps(sys.path).encode())


def main():
    """Fork a reader for each request, and say how it ended when that is asked for."""
    import h5py  # noqa: F401 -- so that no reader has to

    from nengo_dense.importers import hdf5_child

    client = socket.socket(fileno=0)
    while True:
        message, pipes, *_ = socket.recv_fds(client, 1, 2)
        if message == b"w":
            (pid,) = NUMBER.unpack(client.recv(NUMBER.size, socket.MSG_WAITALL))
            client.sendall(NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
        elif message == b"r":
            pid = os.fork()
            if not pid:
                os.dup2(pipes[0], 0)
                os.dup2(pipes[1], 1)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                os.closerange(3, 100)
                try:
                    hdf5_child.main()
                finally:
                    os._exit(1)
            for pipe in pipes:
                os.close(pipe)
            client.sendall(NUMBER.pack(pid))
        else:  # nobody is there any more
            return


if __name__ == "__main__":
    main()
