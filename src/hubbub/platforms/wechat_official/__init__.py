"""WeChat Official Accounts: callbacks in three modes, passive replies, the customer-service API."""
