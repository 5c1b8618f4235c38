"""Everything that can be configured, read from the environment in one place."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The product's settings; every name is the field in capitals behind ``QINGQIAN_``."""

    model_config = SettingsConfigDict(env_prefix="QINGQIAN_", extra="ignore", secrets_dir=None)

    data_dir: Path = Field(default=Path("var/data"), description="Where the database, files and keys are kept.")
    database_url: str = Field(default="", description="SQLAlchemy address; empty means SQLite in the data directory.")
    public_url: str = Field(default="http://127.0.0.1:8000", description="Address owners open; printed in QR codes.")
    trusted_hosts: str = Field(default="*", description="Host names the server answers to, separated by commas.")
    secure_cookies: bool = Field(default=False, description="True behind HTTPS: cookies become Secure and __Host-.")
    secret_key: SecretStr = Field(default=SecretStr(""), description="32 bytes in hex; empty means a file in data_dir.")
    require_second_factor: bool = Field(
        default=True, description="People with money or approval rights set up a second factor before they act."
    )
    render_workers: int = Field(default=2, ge=1, le=64, description="Processes that render notices.")
    nightly_at: str = Field(default="02:30", description="Asia/Shanghai time of the nightly run, HH:MM.")
    backup_dir: Path | None = Field(default=None, description="Where backups go; data_dir/backups unless said.")
    backup_at: str = Field(default="03:30", description="Asia/Shanghai time of the worker's daily backup; empty: none.")
    backup_keep: int = Field(default=14, ge=0, le=3650, description="How many backups are kept; 0 keeps all.")
    tsa_urls: str = Field(
        default="",
        description="RFC 3161 authorities, tried in turn, separated by commas; empty: one that proves nothing.",
    )
    tsa_roots: Path | None = Field(
        default=None, description="PEM file of the roots the authorities' certificates are checked against."
    )
    seal_file: Path | None = Field(
        default=None, description="PKCS#12 file with the company's RSA key and certificate; empty: one for trying out."
    )
    seal_password: SecretStr = Field(default=SecretStr(""), description="Password of the PKCS#12 file.")
    seal_roots: Path | None = Field(
        default=None, description="PEM file of the roots the company's certificate is checked against."
    )
    demo: bool = Field(default=False, description="Shows the demo ribbon and allows the one-click wipe.")
    log_json: bool = Field(default=False, description="True writes one JSON object a log line.")

    @property
    def url(self) -> str:
        """Return the database address in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'qingqian.sqlite3').absolute()}"

    @property
    def key_file(self) -> Path:
        """Return the file of the secret key, made on first use where no key is given."""
        return self.data_dir / "secret.key"

    @property
    def certificates_dir(self) -> Path:
        """Return the folder of the self-made keys and certificates, made on first use where none are given."""
        return self.data_dir / "certificates"

    @property
    def backups_dir(self) -> Path:
        """Return the folder of the backups."""
        return self.backup_dir or self.data_dir / "backups"

    @property
    def files_dir(self) -> Path:
        """Return the folder of content-addressed files."""
        return self.data_dir / "files"


@lru_cache(maxsize=1)
def load() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
