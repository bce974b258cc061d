"""Helpers in Node.js: a line of JSON in, a line of JSON out."""

import json
import select
import subprocess
from pathlib import Path

from checks import Failed

HERE = Path(__file__).parent
# Seconds.
LONGEST_ANSWER = 60


class Node:
    """A script that answers requests line by line, ended by its process id."""

    def __init__(self, script, peers, out, *arguments):
        self.log = open(Path(out) / f"{Path(script).stem}.log", "wb")
        self.process = subprocess.Popen(
            ["node", str(HERE / script), str(peers), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )
        self.script = script

    def call(self, **request):
        """Sends a request; an `error` in the answer is given back, for the check to look at."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Failed(f"{self.script} has ended: {error}") from error
        if not select.select([self.process.stdout], [], [], LONGEST_ANSWER)[0]:
            raise Failed(f"{self.script} did not answer {request.get('op')} within {LONGEST_ANSWER} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.script} has ended; see .out/{Path(self.script).stem}.log")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process.stdout.close()
        self.log.close()
