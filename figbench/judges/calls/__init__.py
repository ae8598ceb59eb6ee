"""Requests to the judge: client, ledger of answers, budget, execution."""
