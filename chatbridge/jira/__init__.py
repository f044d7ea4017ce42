"""The Jira side of the bridge: Jira Service Management, Cloud or Data Center, as a desk."""

from chatbridge.jira.jira_desk import CloudDesk, DataCenterDesk, JiraDesk
from chatbridge.jira.site import SiteKind, SiteSettings

__all__ = ["CloudDesk", "DataCenterDesk", "JiraDesk", "SiteKind", "SiteSettings"]
