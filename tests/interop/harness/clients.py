"""The clients that other people use: AWS CLI, boto3 and the AWS SDKs for JavaScript and Rust."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from .web import HERE

NAMES = ("aws-cli", "boto3", "aws-sdk-js", "aws-sdk-rust")


class Clients:
    def __init__(self, venv, node_modules, who_am_i):
        self.node_modules = node_modules
        self.argv = {
            "aws-cli": [venv / "bin/aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"],
            "boto3": [venv / "bin/python", HERE / "clients/who_am_i.py"],
            "aws-sdk-js": ["node", HERE / "clients/who-am-i.mjs"],
            "aws-sdk-rust": [who_am_i],
        }

    def who_am_i(self, person, section, credentials=None, sts=None, more=None, names=NAMES, instead=None):
        """By client, the ARN that it is told, or None and its complaint; `more` goes into its environment, and `instead`
        of a section, these variables."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(person.home / "home"),
            "AWS_PROFILE": section,
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials or person.credentials),
            "AWS_CONFIG_FILE": str(person.home / "no-config"),
            "AWS_ENDPOINT_URL_STS": sts or person.sts.url,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "INTEROP_NODE_MODULES": str(self.node_modules),
            "PYTHONDONTWRITEBYTECODE": "1",
        } | (more or {})
        if instead is not None:
            env |= {"AWS_SHARED_CREDENTIALS_FILE": str(person.home / "no-credentials")} | instead
            del env["AWS_PROFILE"]

        def ask(name):
            done = subprocess.run(self.argv[name], env=env, capture_output=True, text=True, timeout=60)
            return (done.stdout.strip(), "") if done.returncode == 0 else (None, done.stderr.strip()[-400:])

        with ThreadPoolExecutor(len(names)) as pool:
            return dict(zip(names, pool.map(ask, names)))
