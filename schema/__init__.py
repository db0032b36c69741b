"""What a record is: the Pydantic models and vocabularies, the single source of truth.

``base`` strict base model, spans, times, identifiers · ``vocabulary`` controlled vocabularies · ``records`` what is written for
each article · ``reference`` registry, knowledge base, corpus, splits · ``rows`` what a release holds · ``derive`` and ``docs``
everything that follows from these models: Arrow schemas, JSON Schema, docs/schema.md.
"""
