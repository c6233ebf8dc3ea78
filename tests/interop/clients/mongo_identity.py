"""Prints the ARN that a MongoDB server learns: the driver signs a question for STS, and the server sends it on."""

import base64
import os
import re
import sys
import urllib.error
import urllib.request

from pymongo_auth_aws.auth import AwsCredential, AwsSaslContext

HOST = "sts.eu-central-1.amazonaws.com"


class Conversation(AwsSaslContext):
    """The driver's half, whose documents are taken as they are instead of BSON."""

    def binary_type(self):
        return bytes

    def bson_encode(self, document):
        self.said = document
        return b""

    def bson_decode(self, document):
        return document


driver = Conversation(AwsCredential(None, None, None))
driver.step(None)
nonce = driver.said["r"] + os.urandom(32)
driver.step({"s": nonce, "h": HOST})
headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Host": HOST,
    "X-MongoDB-Server-Nonce": base64.b64encode(nonce).decode(),
    "X-MongoDB-GS2-CB-Flag": "n",
    "Authorization": driver.said["a"],
    "X-Amz-Date": driver.said["d"],
    "X-Amz-Security-Token": driver.said["t"],
}
question = urllib.request.Request(sys.argv[1], b"Action=GetCallerIdentity&Version=2011-06-15", headers)
try:
    with urllib.request.urlopen(question) as answer:
        print(re.search("<Arn>(.*?)</Arn>", answer.read().decode())[1])
except urllib.error.HTTPError as refusal:
    sys.exit(refusal.read().decode())
