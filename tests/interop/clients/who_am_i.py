"""Prints the ARN of the caller with the profile named in AWS_PROFILE."""

import boto3

print(boto3.Session().client("sts").get_caller_identity()["Arn"])
