"""The Jira side of the bridge: Jira Service Management Cloud as a desk."""

from chatbridge.jira.cloud import CloudDesk
from chatbridge.jira.site import SiteSettings

__all__ = ["CloudDesk", "SiteSettings"]
