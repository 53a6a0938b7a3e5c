"""Settings of the section ``platforms.whatsapp``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class WhatsAppNumber(BaseModel):
    """One more phone number of the business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_number_id: str = Field(
        description="Id of the number, from the app's page (not the number itself).", examples=["100200300"]
    )
    access_token: SecretStr = Field(SecretStr(""), description="Token to send with; empty: that of the section.")


class WhatsAppSettings(BaseModel):
    """WhatsApp, by Meta's Cloud API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = Field(None, description="Serve WhatsApp; unset: when a number is given.")
    phone_number_id: str = Field("", description="Id of the number, from the app's page (not the number itself).")
    access_token: SecretStr = Field(SecretStr(""), description="Token to send with, from the app's page.")
    app_secret: SecretStr = Field(
        SecretStr(""), description="Secret of the app, by which what comes in is known to be WhatsApp's."
    )
    verify_token: SecretStr = Field(
        SecretStr(""), description="A word of your own, typed in where the app's page asks for it with the address."
    )
    accounts: tuple[WhatsAppNumber, ...] = Field((), description="More numbers of the same app.")
    path: str = Field("/whatsapp/webhook", description="Where WhatsApp brings messages.", pattern=r"^/\S+$")
    template: str = Field(
        "",
        description="Approved template, to write to people who have been silent for 24 hours; "
        "empty: they cannot be written to.",
    )
    template_language: str = Field("en", description="Language of the template, as WhatsApp Manager shows it.")
    template_variables: tuple[str, ...] = Field(
        ("{text}",),
        description="What stands in the variables of the template's body, in their order; {text} is the message. "
        "For a variable with a name: name={text}.",
    )
    read_marks: bool = Field(True, description="Show people that their message was read while an answer is written.")
    messages_per_second: float = Field(
        80.0,
        ge=0,
        description="Most messages that one number sends, once WhatsApp has asked to slow down; 0: no limit.",
    )
    api_base: str = Field("https://graph.facebook.com", description="Server of the Graph API.", pattern=r"^https?://")
    api_version: str = Field("v23.0", description="Version of the Graph API.", pattern=r"^v\d+\.\d+$")
    resend_unknown: bool = Field(
        False, description="Send a message again when nobody can tell whether it arrived: twice rather than never."
    )
    api_timeout_seconds: float = Field(30.0, gt=0, description="How long a call may take.")
    reconnect_seconds: float = Field(
        5.0, gt=0, description="Wait before the number is looked up again; doubles with every failure up to a minute."
    )
    max_file_bytes: int = Field(20_000_000, ge=1, description="Largest file that is fetched from WhatsApp.")

    @property
    def numbers(self) -> tuple[WhatsAppNumber, ...]:
        """All numbers: the section's own, then its accounts, each with its token."""
        own = WhatsAppNumber(phone_number_id=self.phone_number_id, access_token=self.access_token)
        given = (*([own] if self.phone_number_id else []), *self.accounts)
        shared = {"access_token": self.access_token}
        return tuple(each if each.access_token.get_secret_value() else each.model_copy(update=shared) for each in given)

    def missing(self) -> list[str]:
        """Keys without which nothing can be sent, or nobody be believed."""
        found = [name for name in ("app_secret", "verify_token") if not getattr(self, name).get_secret_value()]
        if not all(each.access_token.get_secret_value() for each in self.numbers):
            found.append("access_token")
        return found if self.numbers else [*found, "phone_number_id"]
