"""moto's Bedrock at a port: its IAM checks the signature and the policies of every request.

moto has no `Converse`, so it is added here; how a request is read and an answer written is botocore's model of the
service all the same. Prints the keys of a user who may do everything and of one who may do nothing.
"""

import json
import os
import sys

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

from moto.bedrockruntime.responses import BedrockRuntimeResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.server import ThreadedMotoServer


def converse(self):
    system = " ".join(one["text"] for one in self._get_param("system") or [])
    said = self._get_param("messages")[-1]["content"][0]["text"]
    text = f"{self._get_param('modelId')}: {system} | {said}"
    return ActionResult(
        {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18, "cacheReadInputTokens": 3},
            "metrics": {"latencyMs": 1},
        }
    )


BedrockRuntimeResponse.converse = converse

iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}


def user(name):
    iam.create_user(region_name="eu-central-1", user_name=name)
    key = iam.create_access_key(user_name=name)
    return [key.access_key_id, key.secret_access_key]


keys = {"may": user("may"), "may_not": user("may_not")}
iam.put_user_policy("may", "all", json.dumps(ALL))
server = ThreadedMotoServer("127.0.0.1", int(sys.argv[1]), verbose=False)
print(json.dumps(keys), flush=True)
server.start()
server._thread.join()
