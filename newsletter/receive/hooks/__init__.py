"""Webhooks of mail providers: each request is verified, then turned into reports.

Every module has a `read...` function: the request's body and headers and the operator's secret in, events
out, `HookRefusedError` for whatever is not proven to come from the provider.
"""
