"""Telegram for chatbridge."""
