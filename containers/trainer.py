"""The container of the trainer: Lightning's Trainer, callbacks, loggers, the run folder."""

from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DeclarativeContainer
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import Logger

from nested_lightning.app.checkpoints.recipe import Recipe
from nested_lightning.app.training.callbacks import collect_callbacks
from nested_lightning.app.training.checkpoint_content import RecipeWriter, StorableState
from nested_lightning.app.training.first_weights import FirstWeights, digest_of
from nested_lightning.app.training.machine.compilation import ChannelsLast, Compilation
from nested_lightning.app.training.machine.determinism import Determinism
from nested_lightning.app.training.machine.device_data import DeviceData
from nested_lightning.app.training.machine.precision import choose_precision
from nested_lightning.app.training.monitored_value import MonitoredValue
from nested_lightning.app.training.reporting.epoch_log import EpochLog
from nested_lightning.app.training.reporting.loggers import LoggerRuns
from nested_lightning.app.training.reporting.metrics_file import MetricsFile
from nested_lightning.app.training.reporting.progress import TrainingProgress
from nested_lightning.app.training.runs.counted_batches import CountedBatches
from nested_lightning.app.training.runs.interruption import Interruption
from nested_lightning.app.training.runs.last_checkpoint import LastCheckpoint
from nested_lightning.app.training.runs.last_training import LastTraining
from nested_lightning.app.training.runs.plateau_schedules import PlateauSchedules
from nested_lightning.app.training.runs.random_state import RandomState
from nested_lightning.app.training.runs.reproducible_data import ReproducibleData
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import open_run_folder
from nested_lightning.app.training.runs.running_metrics import RunningMetrics
from nested_lightning.app.training.runs.time_limit import TimeLimit
from nested_lightning.app.training.submodule_policies import SubmodulePolicies
from nested_lightning.app.training.trainer import build_best_checkpoint, build_trainer
from nested_lightning.containers.owning.descriptor import python_name
from nested_lightning.containers.providing.choices import (
    build_adapters,
    build_callback,
    build_logger,
    build_policies,
)
from nested_lightning.containers.providing.chosen import attributes, callback
from nested_lightning.containers.providing.declared import DeclaredCallable, DeclaredFactory
from nested_lightning.containers.providing.named import NamedProviders, build_items
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.lightning_arguments import LightningArguments
from nested_lightning.settings.reading.merging import merge
from nested_lightning.settings.trainer import TrainerSettings


class TrainerContainer(DeclarativeContainer):
    """Everything that trains a composite, whichever its family is."""

    application = providers.Dependency(instance_of=ApplicationSettings)
    settings = providers.Dependency(instance_of=TrainerSettings)

    last_training = providers.Singleton(
        LastTraining, family=providers.Callable(python_name, application.provided.family)
    )
    run_folder = providers.Singleton(
        open_run_folder,
        application.provided.run_dir,
        name=application.provided.model,
        number=last_training.provided.next_number,
    )

    precision = providers.Singleton(
        choose_precision, settings.provided.precision, accelerator=settings.provided.accelerator
    )
    """What ``auto`` comes to on this machine; checkpoints and run folders hold it, so that it stays."""
    init_sha256 = providers.Singleton(
        digest_of, application.provided.init_from, application.provided.init_sha256
    )
    plain_settings = providers.Singleton(  # made once for all models
        merge,
        providers.Callable(ApplicationSettings.to_recorded, application),
        providers.Dict(trainer=providers.Dict(precision=precision), init_sha256=init_sha256),
    )
    written_settings = providers.Singleton(ApplicationSettings.with_provenance, application, plain_settings)
    recipe = providers.Factory(
        Recipe,
        family=application.provided.model,
        settings=plain_settings,
        packages=providers.Singleton(ApplicationSettings.packages, application),
    )
    """What every checkpoint carries; a family adds its data spec."""

    best_checkpoint = callback(
        build_best_checkpoint,
        path=run_folder.provided.best_checkpoint,
        choice=settings.provided.best_checkpoint,
        monitor=settings.provided.monitor,
        mode=settings.provided.monitor_mode,
    )
    first_weights = callback(
        FirstWeights, path=application.provided.init_from, sha256=application.provided.init_sha256
    )
    adapters = providers.Callable(build_adapters, application.provided.submodules)
    """Of submodules, by path; what puts a composite together injects them."""
    submodule_policies = callback(
        SubmodulePolicies,
        family=application.provided.family.section,
        policies=providers.Callable(build_policies, application.provided.submodules),
    )
    interruption = providers.Singleton(Interruption)
    last_checkpoint = callback(
        LastCheckpoint,
        path=run_folder.provided.last_checkpoint,
        every_n_steps=settings.provided.checkpoint_every_n_steps,
        every_n_seconds=settings.provided.checkpoint_every_n_seconds,
        interruption=interruption,
    )
    progress = callback(
        TrainingProgress, monitor=settings.provided.monitor, mode=settings.provided.monitor_mode
    )
    monitored_value = callback(
        MonitoredValue, name=settings.provided.monitor, is_chosen=settings.provided.is_monitor_chosen
    )
    reproducible_data = callback(
        ReproducibleData,
        seed=application.provided.seed,
        is_shared=settings.provided.use_distributed_sampler,
        is_repeated=settings.provided.overfit_batches,
    )
    random_state = callback(RandomState)
    running_metrics = callback(RunningMetrics)
    plateau_schedules = callback(PlateauSchedules)
    counted_batches = callback(CountedBatches)
    time_limit = callback(TimeLimit, limit_s=settings.provided.longest_s)
    epoch_log = callback(EpochLog)
    determinism = callback(
        Determinism,
        is_deterministic=settings.provided.is_deterministic,
        use_benchmark=settings.provided.benchmark,
    )
    compilation = callback(Compilation, is_wanted=settings.provided.use_compilation)
    channels_last = callback(ChannelsLast, is_wanted=settings.provided.use_channels_last)
    device_data = callback(DeviceData)
    recipe_writer = callback(RecipeWriter)
    storable_state = callback(StorableState)
    logger_runs = callback(LoggerRuns, run_folder=run_folder)
    callbacks = NamedProviders(
        DeclaredCallable(Callback, build_callback, settings.provided.callbacks, run_folder.provided.path)
    )
    """The user's; those above are there besides."""
    all_callbacks = providers.Factory(
        collect_callbacks,
        counted_batches,
        determinism,
        channels_last,
        compilation,
        device_data,
        reproducible_data,
        recipe_writer,
        storable_state,
        best_checkpoint,
        monitored_value,
        last_checkpoint,
        random_state,
        running_metrics,
        plateau_schedules,
        first_weights,
        submodule_policies,
        interruption,
        time_limit,
        epoch_log,
        logger_runs,
        own=providers.Callable(build_items, callbacks.provider, settings.provided.callbacks),
        progress=progress.provider,
        **attributes(settings.provided, "use_progress_bar", "early_stopping_patience", "monitor"),
        **attributes(settings.provided, "monitor_mode", "max_epochs", "val_every_n_epochs"),
    )
    metrics_file = DeclaredFactory(Logger, MetricsFile, path=run_folder.provided.metrics_file)
    known_runs: providers.Object[Any] = providers.Object({})
    """Ids of the loggers' runs by the loggers' names; overridden where a checkpoint brings them."""
    loggers = NamedProviders(
        DeclaredCallable(
            Logger,
            build_logger,
            settings.provided.all_loggers,
            run_folder.provided.path,
            known_runs,
        )
    )
    """The user's; the first of them is what a module has as ``self.logger``."""
    all_loggers = providers.Factory(
        build_items, loggers.provider, settings.provided.all_loggers, metrics_file
    )
    lightning_trainer = DeclaredFactory(
        Trainer,
        build_trainer,
        root=run_folder.provided.path,
        callbacks=all_callbacks,
        loggers=all_loggers,
        **attributes(settings.provided, *LightningArguments.model_fields),
        **attributes(settings.provided, "gradient_clip_algorithm", "plugins"),
        has_unused_parameters=application.provided.family.has_unused_parameters,
        precision=precision,
        gradient_clip_val=settings.provided.clipped_at,
        check_val_every_n_epoch=settings.provided.val_every_n_epochs,
    )
    tuning_trainer = providers.Factory(
        build_trainer,
        callbacks=providers.List(
            determinism, channels_last, device_data, reproducible_data, first_weights, submodule_policies
        ),
        max_epochs=1000,  # a search ends by steps
        check_val_every_n_epoch=1000,
        **attributes(settings.provided, "accelerator", "devices", "accumulate_grad_batches"),
        **attributes(settings.provided, "gradient_clip_algorithm"),
        has_unused_parameters=application.provided.family.has_unused_parameters,
        precision=precision,
        gradient_clip_val=settings.provided.clipped_at,
    )
    """For the searches of `tune`: it keeps nothing and shows nothing."""
    write_report: providers.Provider[Any] = providers.Object(None)
    """Called with the result of a training; the application gives it, since a report is of all of it."""
    training_run = providers.Factory(
        TrainingRun,
        write_report=write_report,
        trainer=lightning_trainer,
        run_folder=run_folder,
        seed=application.provided.seed,
        settings=written_settings,
        num_threads=settings.provided.num_threads,
        device=application.provided.prediction.device,
        last_training=last_training,
    )
    """A family adds its model and data, which are made first: what is wrong there leaves no run folder."""
