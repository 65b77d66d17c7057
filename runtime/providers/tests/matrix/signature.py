"""Prints the signature that botocore gives to a request: a JSON object of url, headers, body, key and region."""

import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

case = json.loads(sys.argv[1])
headers = case["headers"]
names = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
request = AWSRequest(
    method="POST",
    url=case["url"],
    data=case["body"].encode(),
    headers={name: headers[name] for name in names},
)
request.context["timestamp"] = headers["x-amz-date"]
auth = SigV4Auth(Credentials(case["key"], case["key"]), "bedrock", case["region"])
print(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
