"""The brain by chat completions; a folder, for what is on the wire and what services make of the protocol are long stories."""

from adapters.brain_openai.api import OpenAIBrain
from adapters.brain_openai.wire import is_near

__all__ = ["OpenAIBrain", "is_near"]
