"""``config``: the resolved settings as YAML."""

import typer
import yaml

from commands.options import ConfigOption, DebugOption, ModelOption, PresetOption, SetOption, resolve_settings


def config(
    model: ModelOption = None,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    debug: DebugOption = False,
) -> None:
    """Print the resolved settings as YAML that --config takes back."""
    del debug
    settings = resolve_settings(model=model, preset=preset, config=config, set_=set_)
    typer.echo(yaml.safe_dump(settings.to_plain(), sort_keys=False, allow_unicode=True), nl=False)
