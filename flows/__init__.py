"""Prefect flows: when and how often; what they do stands in `services` and `federation`."""

from flows.last_words import RUN, end_quietly

end_quietly(RUN)
