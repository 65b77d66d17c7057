"""Makes the calls of `sdk.rs` with an official library: its name, the origin of a server, and a key."""

import sys

surface, origin, key = sys.argv[1:]

SYSTEM = {"role": "system", "content": "Be kind."}
USER = {"role": "user", "content": "Hi"}
SCHEMA = {
    "type": "object",
    "properties": {"urgency": {"type": "integer"}},
    "required": ["urgency"],
    "additionalProperties": False,
}
PARAMETERS = {
    "type": "object",
    "properties": {"ref": {"type": "string"}},
    "required": ["ref"],
    "additionalProperties": False,
}


def chat():
    import openai

    client = openai.OpenAI(base_url=f"{origin}/v1", api_key=key, max_retries=0)
    create = client.chat.completions.create
    create(model="m-1", messages=[SYSTEM, USER], max_completion_tokens=50)
    stream = create(
        model="m-1",
        messages=[SYSTEM, USER],
        max_completion_tokens=50,
        stream=True,
        stream_options={"include_usage": True},
    )
    list(stream)
    form = {"name": "triage", "strict": True, "schema": SCHEMA}
    create(
        model="m-1",
        messages=[SYSTEM, USER],
        max_completion_tokens=50,
        response_format={"type": "json_schema", "json_schema": form},
    )
    function = {"name": "price", "description": "Looks up.", "parameters": PARAMETERS, "strict": True}
    call = {"id": "t1", "type": "function", "function": {"name": "price", "arguments": '{"ref":"L1"}'}}
    create(
        model="m-1",
        messages=[
            SYSTEM,
            USER,
            {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "t1", "content": '{"eur":3}'},
        ],
        max_completion_tokens=50,
        temperature=0.5,
        tools=[{"type": "function", "function": function}],
    )


def responses():
    import openai

    create = openai.OpenAI(base_url=f"{origin}/v1", api_key=key, max_retries=0).responses.create
    text = lambda role, text: {"role": role, "content": [{"type": "input_text", "text": text}]}
    messages = [text("system", "Be kind."), text("user", "Hi")]
    common = {"model": "m-1", "max_output_tokens": 50, "store": False, "include": ["reasoning.encrypted_content"]}
    create(input=messages, **common)
    list(create(input=messages, stream=True, **common))
    form = {"type": "json_schema", "name": "triage", "strict": True, "schema": SCHEMA}
    create(input=messages, text={"format": form}, **common)
    tool = {"type": "function", "name": "price", "description": "Looks up.", "parameters": PARAMETERS, "strict": True}
    turns = [
        {"role": "assistant", "content": "Let me see."},
        {"type": "function_call", "call_id": "t1", "name": "price", "arguments": '{"ref":"L1"}'},
        {"type": "function_call_output", "call_id": "t1", "output": '{"eur":3}'},
    ]
    create(input=messages + turns, temperature=0.5, tools=[tool], **common)


def messages():
    import anthropic

    create = anthropic.Anthropic(base_url=origin, api_key=key, max_retries=0).messages.create
    user = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
    common = {"model": "m-1", "max_tokens": 50, "system": "Be kind."}
    create(messages=[user], **common)
    list(create(messages=[user], stream=True, **common))
    create(messages=[user], output_config={"format": {"type": "json_schema", "schema": SCHEMA}}, **common)
    use = {"type": "tool_use", "id": "t1", "name": "price", "input": {"ref": "L1"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": '{"eur":3}'}
    turns = [
        {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}, use]},
        {"role": "user", "content": [result]},
    ]
    # The library has dropped `temperature`; who still wants it says so like this.
    create(
        messages=[user] + turns,
        tools=[{"name": "price", "description": "Looks up.", "input_schema": PARAMETERS}],
        extra_body={"temperature": 0.5},
        **common,
    )


def bedrock():
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=origin,
        aws_access_key_id=key,
        aws_secret_access_key=key,
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )
    user = {"role": "user", "content": [{"text": "Hi"}]}
    common = {"modelId": "m-1", "system": [{"text": "Be kind."}], "inferenceConfig": {"maxTokens": 50}}
    client.converse(messages=[user], **common)
    list(client.converse_stream(messages=[user], **common)["stream"])


SURFACES = {"Openai": chat, "OpenaiResponses": responses, "Anthropic": messages, "Bedrock": bedrock}
SURFACES[surface]()
