"""What can be switched on a simulated desk: lags, traps and limits."""

from __future__ import annotations

from attrs import define


@define(kw_only=True)
class Behaviour:
    """What can be switched on a simulated desk; every default is a well-behaved site.

    Args:
        index_lag: seconds until searches and request lists show a change.
        commit_lag: seconds until others see a person's comment, or a write whose answer was lost.
        banks: hand out comment ids from several banks at once, so not in order of time.
        automation: text of a public comment that a rule adds while a request is created.
        lie_in_webhooks: say jsdPublic true in every webhook.
        refuse_adf: refuse new requests whose description is ADF.
        hide_properties: ignore expand=properties where it is not documented.
        licensed: false: the bot has no licence; the customer API answers 403 with no body.
        access: false: the bot sees no request and no issue.
        page_cap: the longest page of the customer API.
        search_cap: the longest page of a search.
        text_limit: longest text of a comment or description, counted on serialized ADF.
        comment_cap: most comments of an issue.
        write_limits: limit the writes to one issue.
        file_limit: most bytes of a file; 0 switches files off.
        lacks: permissions that the bot does not have, by Jira's keys, with commas between.
        lie_to_agents: tell the bot that every comment is public, in both APIs; the reader account
            is a customer, whom Jira does not show an internal note however it is asked.
        link_types: kinds of links between issues, with commas between; empty: linking is off.
        answers_count: the clock of the first response stops at a public comment of the bot.
    """

    index_lag: float = 0.0
    commit_lag: float = 0.0
    banks: bool = False
    automation: str = ""
    lie_in_webhooks: bool = False
    refuse_adf: bool = False
    hide_properties: bool = False
    licensed: bool = True
    access: bool = True
    page_cap: int = 50
    search_cap: int = 100
    text_limit: int = 32_767
    comment_cap: int = 5_000
    write_limits: bool = True
    file_limit: int = 20_000_000
    lacks: str = ""
    lie_to_agents: bool = False
    link_types: str = "Blocks,Cloners,Duplicate,Relates"
    answers_count: bool = False
