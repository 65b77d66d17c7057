"""The chat face through OpenAI's own library: whole, streamed, errors. Arguments: address, key."""

import sys

import openai
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk

base, key = sys.argv[1:]
client = openai.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0)
HI = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}]


def refused(kind, act):
    try:
        act()
    except kind as error:
        return error
    raise SystemExit(f"{kind.__name__} was not raised")


def create(model="shout", **more):
    return client.chat.completions.create(model=model, messages=more.pop("messages", HI), **more)


# What the library is lenient about, its types are not.
listed = client.models.with_raw_response.list().http_response.json()
assert listed["object"] == "list", listed
assert [Model.model_validate(model, strict=True).id for model in listed["data"]] == ["chat", "shout", "broken"], listed
assert client.models.retrieve("shout").owned_by == "desk"
raw = client.chat.completions.with_raw_response.create(model="shout", messages=HI, temperature=0.2, user="u")
whole = ChatCompletion.model_validate_json(raw.http_response.content)
assert whole.choices[0].message.content == "hi!" and whole.choices[0].finish_reason == "stop", whole
assert raw.parse().id.startswith("chatcmpl-")

parts = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
assert create(messages=parts).choices[0].message.content == "ab!"
asked = create("chat")
assert asked.choices[0].message.content == "Hello ä𝄞", asked
assert asked.usage.prompt_tokens > 0 and asked.usage.total_tokens == asked.usage.prompt_tokens + asked.usage.completion_tokens

chunks = list(create("chat", stream=True, stream_options={"include_usage": True}))
assert all(ChatCompletionChunk.model_validate(chunk.model_dump()) for chunk in chunks)
pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
assert len(pieces) > 1 and "".join(pieces) == "Hello ä𝄞", pieces
assert chunks[-1].usage.total_tokens > 0 and not chunks[-1].choices, chunks[-1]
assert chunks[-2].choices[0].finish_reason == "stop"
with client.chat.completions.stream(model="shout", messages=HI) as stream:
    texts = [event.delta for event in stream if event.type == "content.delta"]
    assert "".join(texts) == "hi!", texts
    assert stream.get_final_completion().choices[0].message.content == "hi!"

error = refused(openai.NotFoundError, lambda: create("gpt"))
assert (error.type, error.param) == ("invalid_request_error", "model"), error.body
assert "/v1/models" in error.message, error.message
assert refused(openai.BadRequestError, lambda: create(n=2)).param == "n"
refused(openai.BadRequestError, lambda: create(messages=[]))
refused(openai.NotFoundError, lambda: client.models.retrieve("gpt"))
assert refused(openai.InternalServerError, lambda: create("broken")).type == "server_error"
error = refused(openai.APIError, lambda: list(create("broken", stream=True)))
assert "it is hi" in error.message, error
stranger = client.with_options(api_key="fk_wrong")
assert refused(openai.AuthenticationError, lambda: stranger.models.list()).type == "authentication_error"
refused(openai.AuthenticationError, lambda: stranger.chat.completions.create(model="shout", messages=HI, stream=True))
print("ok")
