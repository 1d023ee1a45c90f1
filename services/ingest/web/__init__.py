"""The HTTP application: the gate in front, four routes, problem documents, the OpenAPI document."""
