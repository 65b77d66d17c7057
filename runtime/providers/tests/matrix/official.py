"""Checks requests with the official libraries: a list of {"wire", "body"} in a file, one line a mistake on stdout."""

import json
import sys
from typing import get_type_hints

from pydantic import TypeAdapter


def typed_dict(kind, body):
    unknown = set(body) - set(get_type_hints(kind))
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    TypeAdapter(kind).validate_python(body)


def chat(body):
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming, CompletionCreateParamsStreaming

    typed_dict(CompletionCreateParamsStreaming if body.get("stream") else CompletionCreateParamsNonStreaming, body)


def responses(body):
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming, ResponseCreateParamsStreaming

    typed_dict(ResponseCreateParamsStreaming if body.get("stream") else ResponseCreateParamsNonStreaming, body)


def anthropic(body):
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming

    # The library has dropped it, older models still take it, and it is sent only if the author wants it.
    body.pop("temperature", None)
    typed_dict(MessageCreateParamsStreaming if body.get("stream") else MessageCreateParamsNonStreaming, body)


def gemini(body):
    from google.genai import types

    known = {"contents", "systemInstruction", "tools", "generationConfig"}
    if set(body) - known:
        raise ValueError(f"unknown fields {sorted(set(body) - known)}")
    for content in body["contents"]:
        types.Content.model_validate(content)
    types.Content.model_validate(body.get("systemInstruction", {}))
    for tool in body.get("tools", []):
        types.Tool.model_validate(tool)
    types.GenerationConfig.model_validate(body.get("generationConfig", {}))


def bedrock(body):
    from botocore.session import get_session
    from botocore.validate import ParamValidator

    shape = get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape
    report = ParamValidator().validate({"modelId": "m-1", **body}, shape)
    if report.has_errors():
        raise ValueError(report.generate_report())
    unknown = set(body) - set(shape.members)
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")


CHECKS = {"Openai": chat, "OpenaiResponses": responses, "Anthropic": anthropic, "Gemini": gemini, "Bedrock": bedrock}

for case in json.load(open(sys.argv[1])):
    try:
        CHECKS[case["wire"]](case["body"])
    except Exception as error:  # every kind of mistake is told
        print(case["wire"], json.dumps(case["body"])[:2000], str(error)[:2000])
