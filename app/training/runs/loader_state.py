"""The place of a resumed training in its training data."""

from pytorch_lightning import Trainer


def restore_loader_state(trainer: Trainer) -> None:
    """Load what a checkpoint holds of the training loader, where Lightning has not; for ``on_train_start``.

    Lightning 2.6 leaves a saved loader state aside in two cases: for a checkpoint taken at the end of an
    epoch, and when ``trainer.estimated_stepping_batches`` was read in ``configure_optimizers``, before
    anything was restored. The data of the first epoch would come once more.
    """
    fit_loop = trainer.fit_loop
    states, loader = fit_loop._combined_loader_states_to_load, fit_loop._combined_loader
    if not states or loader is None or fit_loop._data_fetcher is None:
        return
    loader._load_state_dicts(states)
    fit_loop._combined_loader_states_to_load = []
    iter(fit_loop._data_fetcher)  # the iterator that was made before knows nothing of the state
