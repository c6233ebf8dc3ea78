"""Says on each line of its input whose keys these profiles have, as collectors of costs and inventories ask all day.

A round asks with new sessions, and with those that it has held since it began.
"""

import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


class Asker:
    """One session, and what STS says to its keys."""

    def __init__(self, profile):
        session = boto3.Session(profile_name=profile)
        self.key = session.get_credentials().access_key
        self.client = session.client("sts")

    def answer(self):
        try:
            return {"key": self.key, "arn": self.client.get_caller_identity()["Arn"]}
        except (BotoCoreError, ClientError) as refusal:
            return {"key": self.key, "refusal": str(refusal)}


profiles = sys.argv[1:]
held = {profile: Asker(profile) for profile in profiles}
for _ in sys.stdin:
    told = {"new": {profile: Asker(profile).answer() for profile in profiles}}
    told["held"] = {profile: asker.answer() for profile, asker in held.items()}
    print(json.dumps(told), flush=True)
