"""The faults that the library must stand and what must always hold, each with what is still open.

The tests that prove a row name it themselves, by `@pytest.mark.fault("F1")`,
`@pytest.mark.invariant("I1")` or in brackets in their docstring; nothing about them stands here.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Row:
    """One fault or invariant.

    Args:
        name: such as "F12".
        fails: what goes wrong; for an invariant, what holds.
        must: what the library does then; empty for an invariant.
        waits: the part that cannot be proved yet and what it waits for, or empty.
        without: an option that is left out on purpose, and why; empty where there is none.
        never: why it cannot apply, or empty.
    """

    name: str
    fails: str
    must: str = ""
    waits: str = ""
    without: str = ""
    never: str = ""


OUTBOUND = (
    Row("F1", "crash before a part's claim is written", "nothing happened; the next look does it"),
    Row("F2", "crash between claim and send", "sent once after the lease; nothing is lost"),
    Row("F3", "crash between send and record", "sent once more at most"),
    Row("F4", "crash between two parts of one comment", "goes on with the parts not yet recorded"),
    Row("F5", "two workers want one link", "one works, the other looks again later; no double"),
    Row("F6", "a worker stands still for longer than its lease",
        "it notices before it sends; one double at most where it stood still inside the call"),
    Row("F7", "hints come twice, late, in any order", "no send more than without them"),
    Row("F8", "hints never come", "the feed finds the change, the weekly pass the rest"),
    Row("F9", "a hint names an issue that is not ours", "no call, answered 200"),
    Row("F10", "ids are not in the order of time; commits come late",
        "nothing is missed; what comes after newer ones says when it was written"),
    Row("F11", "a note is made public later", "it is sent then"),
    Row("F12", "a comment is made internal before it was sent",
        "it is not sent; a read older than 10 s counts for nothing"),
    Row("F13", "a comment is made internal or deleted after it was sent",
        "it stays in the chat, the host is told once; nothing more of it is shown until it is "
        "public again",
        without="taking it back from the chat: what was read cannot be unread, and a comment that "
        "only one read lacks would be lost"),
    Row("F14", "a comment is edited after it was sent",
        "its message is changed, or the new words come as another one; nothing where the project "
        "wants none"),
    Row("F15", "a comment for a role claims to be public", "never sent"),
    Row("F16", "the issue moves out of the service desk", "held; nothing of it is read or sent"),
    Row("F17", "the issue's key changes", "nothing breaks: ids are kept, the new key is shown"),
    Row("F18", "the issue is deleted, or access to it is lost",
        "an empty list is not believed; suspended, and asked for again"),
    Row("F19", "comments go while pages are read", "read again until the list stands still"),
    Row("F20", "Jira answers 429", "its time is kept to the second, for what it names only"),
    Row("F21", "Jira fails while it is read", "nothing is sent from half a read; tried again"),
    Row("F22", "Jira refuses our credentials", "no storm of calls, one notice to the host"),
    Row("F23", "Jira answers nonsense",
        "an error of ours; nothing is sent from it, and one comment stops no other"),
    Row("F24", "Telegram answers 429", "waits as long as it says, in order; paced beforehand"),
    Row("F25", "the chat blocked, removed or lost the bot",
        "suspended, nothing counts as sent, one internal note; goes on when the chat is back"),
    Row("F26", "the platform refuses a text for its form",
        "without formatting, then smaller, then a visible stand-in; the queue never stands"),
    Row("F27", "a group becomes a supergroup", "links and conversation follow, from any half way"),
    Row("F28", "the bot's token is revoked, or becomes another bot's",
        "the bot rests and the host is told; links are bound to the bot's id"),
    Row("F29", "nobody knows whether a part was sent",
        "sent again a few times; then agents are told that it was never confirmed",
        without="asking the platform what became of it: Telegram has no call for that, and Viber "
        "reports by a token that only the lost answer had"),
    Row("F30", "our own comment comes back", "known by its marker, and not sent"),
    Row("F31", "two programs answer each other",
        "what a program writes opens and adds nothing; more answers an hour than people give stop"),
    Row("F32", "many comments at once, after an outage or in an old request",
        "asked about before more than ten are sent"),
    Row("F33", "a file is too large, slow or gone",
        "its name comes in its place, and the other side is told; nothing waits for it"),
    Row("F34", "an answer is a bomb", "nothing is unpacked; limits count decoded bytes"),
    Row("F35", "a URL leads elsewhere", "only configured origins, no redirect, no credentials"),
)  # fmt: skip

INBOUND = (
    Row("F36", "crash before the intent is written", "not acknowledged, so it comes again"),
    Row("F37", "crash between intent and Jira's answer",
        "the marker is looked for before anything is written again"),
    Row("F38", "nobody knows whether Jira took it", "the settle time passes, then as F37"),
    Row("F39", "Jira takes it later than the settle time",
        "of two comments one is removed; of two requests one is linked as a duplicate and says so"),
    Row("F40", "one event is delivered twice at once", "one of the two does it"),
    Row("F41", "the acknowledgement is lost", "the repeat is acknowledged and does nothing"),
    Row("F42", "a repeat comes late", "the newest 256 events of a chat are remembered, whenever"),
    Row("F43", "Telegram counts updates anew", "an event's identity does not rest on the count"),
    Row("F44", "messages of a chat overtake each other", "they are done one after the other"),
    Row("F45", "a second message comes while the first opens a request",
        "it waits, and becomes a comment"),
    Row("F46", "Jira is down beyond the horizon", "the sender is told at half of it"),
    Row("F47", "Jira refuses a message for good", "not repeated; sender and host are told"),
    Row("F48", "an event that breaks us", "given up after five tries and told; others go on"),
    Row("F49", "a forged webhook", "403 in constant time over the raw bytes, before any reading"),
    Row("F50", "a webhook is sent again by somebody", "it has no effect"),
    Row("F51", "somebody else polls, or has set a webhook", "left alone, and the host is told"),
    Row("F52", "one chat floods", "at its limit of open requests messages become comments"),
    Row("F53", "a thousand chats flood", "so many requests a minute are opened, the others told"),
    Row("F54", "an album, or quick lines", "one comment or one each; a crash loses none"),
    Row("F55", "the customer edits a message", "shown to agents as an edit"),
    Row("F56", "forwarded, anonymous or automatic senders", "never shown as somebody they quote"),
    Row("F57", "markup in a customer's text", "shown as it is; the line that names the sender "
        "cannot be forged"),
    Row("F58", "a button's data is forged, foreign or old", "nothing happens"),
    Row("F59", "a link to a request is stolen or guessed", "single use, short life, few tries"),
    Row("F60", "a chat gets another owner",
        "a handle is good in its own chat only; groups join no request by a link; where the "
        "project wants it, the chat is asked before it is shown an answer after a long silence"),
)  # fmt: skip

STATE = (
    Row("F61", "a record changes all the time", "a few tries, then later; no effect without a win"),
    Row("F62", "the storage is full, read-only or broken",
        "no effect without a durable intent; goes on by itself"),
    Row("F63", "the storage is set back",
        "declared by the operator: then nothing is sent again; undeclared, as by a copy that lags "
        "behind: at most ten answers of a request come again, and no note"),
    Row("F64", "the storage is copied to staging",
        "it refuses to work beside another site or under another name than the storage keeps, and "
        "leaves the webhook of the other bridge alone; a copy that says the same cannot be told"),
    Row("F65", "a sandbox is copied from the site", "it refuses to work beside another site"),
    Row("F66", "a record is swapped, altered or cut", "refused; all others work; the host is told"),
    Row("F67", "one record is set back", "cannot be seen; at most ten answers come twice"),
    Row("F68", "a wrong root key", "refused before any write"),
    Row("F69", "the root key is lost", "cannot be undone; how to begin anew is documented"),
    Row("F70", "crash while keys are replaced", "every state in between can be read"),
    Row("F71", "a process still uses a key that is destroyed", "keys go only after clean scans"),
    Row("F72", "the wall clock jumps", "claims and waits do not follow it"),
    Row("F73", "fork after the start", "the child has connections of its own"),
    Row("F74", "threads, and cancelled work", "a unit of work cut anywhere loses nothing"),
    Row("F75", "gevent's monkey-patching", "it works, or refuses loudly"),
    Row("F76", "SIGTERM", "stops taking work, ends within its grace, lets claims go"),
    Row("F77", "the host's transaction rolls back around a call", "ours is another connection"),
    Row("F78", "an administrator removes what is being sent", "the part under way at most"),
    Row("F79", "somebody asks for erasure or for their data",
        "all of it is handed out; nothing of the chat is left"),
    Row("F80", "a token is in a URL", "in no log, error, repr or traceback"),
    Row("F81", "content in tracebacks, metrics, files", "in none of them"),
    Row("F82", "huge updates, growing memory", "everything has a limit"),
    Row("F83", "bad TLS, redirects, downgrades", "refused"),
    Row("F84", "an upgrade with live records", "the version before is read, a newer one refused"),
    Row("F85", "records that nobody needs any more", "they end by themselves"),
)  # fmt: skip

INVARIANTS = (
    Row("I1", "no public comment is lost"),
    Row("I2", "nothing that is not public is ever sent"),
    Row("I3", "a part is shown once, and once more for each outcome that nobody knows"),
    Row("I4", "comments are shown in the order of time"),
    Row("I5", "no echo, no loop"),
    Row("I6", "an acknowledged event is in Jira, or its sender was told"),
    Row("I7", "in Jira it stands once in the end"),
    Row("I8", "what fails for ever delays nobody else"),
    Row("I9", "an intent before each effect; one owner at a time"),
    Row("I10", "no content at rest"),
    Row("I11", "a secret goes to its own host only"),
    Row("I12", "a wrong key writes nothing"),
    Row("I13", "a sealed record is bound to its place"),
    Row("I14", "replacing keys is safe and complete"),
    Row("I15", "setting the storage back repeats nothing and shows no note"),
    Row("I16", "what the administrator stops has stopped"),
    Row("I17", "erasure is complete, export faithful"),
    Row("I18", "calls are bounded, and limits obeyed"),
    Row("I19", "what is kept is bounded"),
    Row("I20", "when faults stop, everything comes to its place"),
    Row("I21", "hints have no power"),
    Row("I22", "links change only by right"),
    Row("I23", "only configured hosts, by verified TLS"),
    Row("I24", "safe under any wall clock"),
    Row("I25", "safe under fork, threads and cancelled work"),
    Row("I26", "without the key the database tells little"),
    Row("I27", "what is not delivered is told, once"),
    Row("I28", "no log of behaviour"),
)  # fmt: skip

ROWS: dict[str, Row] = {row.name: row for row in (*OUTBOUND, *INBOUND, *STATE, *INVARIANTS)}
