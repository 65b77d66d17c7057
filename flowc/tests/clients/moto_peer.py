"""S3 and KMS as moto has them, with keys that are checked, and failures on demand.

Says its address and a pair of keys in one line of JSON, then obeys lines of JSON on stdin: `{"do": "objects"}` lists what is in
the bucket, `{"do": "fail", "with": [[503, "SlowDown"], …]}` answers the next requests like that, and so on.
"""

import json
import os
import sys
import threading

# After these actions moto checks signatures and policies.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "7"

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

REGION = "eu-central-1"
BUCKET = "bodies"
moto = DomainDispatcherApplication(create_backend_app)
failures, seen = [], []


def app(environ, start_response):
    request = Request(environ)
    seen.append([request.method, request.path, request.headers.get("x-amz-target", "")])
    if not failures:
        return moto(environ, start_response)
    status, code = failures.pop(0)
    if "x-amz-target" in request.headers:
        body, kind = json.dumps({"__type": code, "message": "scripted"}), "application/x-amz-json-1.1"
    else:
        body, kind = f"<Error><Code>{code}</Code><Message>scripted</Message></Error>", "application/xml"
    return Response(body, status, content_type=kind)(environ, start_response)


server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"


def client(service, key="testing", secret="testing"):
    return boto3.client(
        service, region_name=REGION, endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret
    )


iam = client("iam")
iam.create_user(UserName="flow")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="flow", PolicyName="all", PolicyDocument=json.dumps(policy))
pair = iam.create_access_key(UserName="flow")["AccessKey"]
s3, kms = client("s3"), client("kms")
s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
key = kms.create_key()["KeyMetadata"]["KeyId"]
kms.create_alias(AliasName="alias/flow", TargetKeyId=key)

s3, kms = [client(name, pair["AccessKeyId"], pair["SecretAccessKey"]) for name in ("s3", "kms")]


def objects(_):
    found = []
    for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
        name, number = version["Key"], version["VersionId"]
        got = s3.get_object(Bucket=BUCKET, Key=name, VersionId=number)
        text = got["Body"].read()
        head = json.loads(text.split(b"\n")[1]) if text.startswith(b"FLSEAL1") else {}
        found.append({
            "name": name, "version": number, "sse": got.get("ServerSideEncryption"), "head": head,
            "readable": b"Sort this" in text,
        })
    return found


def overwrite(said):
    """Puts another object, or nothing of sense, under a name."""
    body = b"nonsense"
    if "from" in said:
        body = s3.get_object(Bucket=BUCKET, Key=said["from"])["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=said["name"], Body=body)


def delete(said):
    s3.delete_object(Bucket=BUCKET, Key=said["name"], VersionId=said["version"])


def opens(said):
    """Whether KMS gives a data key out for a context."""
    try:
        kms.decrypt(CiphertextBlob=bytes.fromhex(said["wrapped"]), EncryptionContext=said["context"])
        return True
    except kms.exceptions.InvalidCiphertextException:
        return False


def fail(said):
    failures[:] = said["with"]


def requests(_):
    told = list(seen)
    seen.clear()
    return told


say = lambda value: print(json.dumps(value), flush=True)
say({"endpoint": endpoint, "key": pair["AccessKeyId"], "secret": pair["SecretAccessKey"]})
doing = {"objects": objects, "overwrite": overwrite, "delete": delete, "opens": opens, "fail": fail, "requests": requests}
for line in sys.stdin:
    said = json.loads(line)
    say(doing[said["do"]](said))
