"""Prints the id of the key that MongoDB's drivers for Python would sign in with."""

from pymongo_auth_aws.auth import aws_temp_credentials

print(aws_temp_credentials().username)
