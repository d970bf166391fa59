"""Suggests trials of a study by google-vizier or Optuna, over standard input and output, one JSON object a line.

A line with a tuner begins a study: `{"tuner": "vizier" | "optuna", "seed": 0, "parameters": [{"name": "data", "values": [1, 2, 4]}], "priors":
[{"parameters": {…}, "value": 1.0}], "trials": [{"parameters": {…}, "value": 1.0 or null}]}`. Values are step times to be made small; null is a trial
that failed. Priors are predictions: they start the tuner's model and are never taken for measurements. It answers `{"versions": {…}}`, then
`{"ask": true}` with `{"parameters": {…}}`, `{"tell": {"parameters": {…}, "value": …}}` with `{"told": true}`, and `{"export": {"folder": "…", "name": "…", "seeds":
[{…}]}}` with `{"written": "…"}`: the study as the tuner's own tools open it, with the seeds to be tried first.
"""

import contextlib
import json
import os
import sys
import warnings
from importlib import metadata

# predictions older tuners cannot hold apart are kept from outweighing what was measured
penalty = 2.0
startup_trials = 4
evaluations = 5000


class OptunaTuner:
    """TPE over the places of the values in their lists; a failed trial is as slow as twice the slowest."""

    packages = ("optuna",)

    def __init__(self, study):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.optuna = optuna
        self.values = {one["name"]: one["values"] for one in study["parameters"]}
        self.space = {name: optuna.distributions.IntDistribution(0, len(values) - 1) for name, values in self.values.items()}
        sampler = optuna.samplers.TPESampler(seed=study["seed"], n_startup_trials=startup_trials, multivariate=True)
        self.study = optuna.create_study(direction="minimize", sampler=sampler)
        self.begun = study
        self.slowest = max([one["value"] for one in study["priors"]], default=1.0)
        self.asked = None
        for one in study["priors"]:
            self.add(one["parameters"], one["value"])

    def ask(self):
        self.asked = self.study.ask(self.space)
        return {name: self.values[name][place] for name, place in self.asked.params.items()}

    def tell(self, parameters, value):
        if value is not None:
            self.slowest = max(self.slowest, value)
        told = penalty * self.slowest if value is None else value
        if self.asked is not None:
            self.study.tell(self.asked, told)
            self.asked = None
        else:
            self.add(parameters, told)

    def export(self, folder, name, seeds):
        """An SQLite file for `optuna.load_study`: seeds wait in it, priors are attributes, parameters are places in the lists of values."""
        path = os.path.join(folder, "optuna.db")
        study = self.optuna.create_study(storage=f"sqlite:///{path}", study_name=name, direction="minimize", load_if_exists=True)
        study.set_user_attr("values", self.values)
        study.set_user_attr("priors", self.begun["priors"])
        for seed in seeds:
            study.enqueue_trial({key: self.values[key].index(seed[key]) for key in self.values}, skip_if_exists=True)
        return path

    def add(self, parameters, value):
        places = {name: self.values[name].index(parameters[name]) for name in self.values}
        self.study.add_trial(self.optuna.trial.create_trial(params=places, distributions=self.space, value=value))


class VizierTuner:
    """Vizier's Gaussian-process bandit, its default; a failed trial is infeasible. Priors are a study that its model starts from."""

    packages = ("google-vizier", "jax")

    def __init__(self, study):
        import jax
        from vizier import algorithms as vza
        from vizier import pyvizier as vz
        from vizier._src.algorithms.designers.gp_bandit import VizierGPBandit
        from vizier._src.algorithms.optimizers import eagle_strategy, vectorized_base
        from vizier.pyvizier.converters import padding

        jax.config.update("jax_enable_x64", True)
        self.vz, self.vza = vz, vza
        self.problem = vz.ProblemStatement()
        for one in study["parameters"]:
            self.problem.search_space.root.add_discrete_param(one["name"], one["values"], scale_type=vz.ScaleType.LOG)
        self.problem.metric_information.append(vz.MetricInformation("step_time_ms", goal=vz.ObjectiveMetricGoal.MINIMIZE))
        # a small discrete space needs few evaluations; padded shapes are compiled once for ten trials
        optimizer = vectorized_base.VectorizedOptimizerFactory(
            strategy_factory=eagle_strategy.VectorizedEagleStrategyFactory(),
            max_evaluations=evaluations,
            suggestion_batch_size=25,
        )
        schedule = padding.PaddingSchedule(num_trials=padding.PaddingType.MULTIPLES_OF_10)
        self.designer = VizierGPBandit(
            self.problem, rng=jax.random.PRNGKey(study["seed"]), acquisition_optimizer_factory=optimizer, padding_schedule=schedule
        )
        self.count = 0
        self.begun = study
        if study["priors"]:
            prior = [self.trial(place + 1, one["parameters"], one["value"]) for place, one in enumerate(study["priors"])]
            self.designer.set_priors([vza.CompletedTrials(prior)])

    def trial(self, number, parameters, value):
        trial = self.vz.Trial(parameters=parameters, id=number)
        if value is None:
            return trial.complete(self.vz.Measurement(), infeasibility_reason="failed")
        return trial.complete(self.vz.Measurement(metrics={"step_time_ms": value}))

    def export(self, folder, name, seeds):
        """A StudyConfig as text, which a Vizier service takes; beside it the seeds and priors as JSON."""
        from google.protobuf import text_format
        from vizier.service import pyvizier as service

        config = service.StudyConfig.from_problem(self.problem)
        config.algorithm = "GAUSSIAN_PROCESS_BANDIT"
        path = os.path.join(folder, "vizier.study.textproto")
        with open(path, "w") as file:
            file.write(text_format.MessageToString(config.to_proto()))
        with open(os.path.join(folder, "vizier.trials.json"), "w") as file:
            json.dump({"study": name, "seeds": seeds, "priors": self.begun["priors"]}, file, indent=1)
        return path

    def ask(self):
        [suggestion] = self.designer.suggest(1)
        return {name: int(value.value) for name, value in suggestion.parameters.items()}

    def tell(self, parameters, value):
        self.count += 1
        self.designer.update(self.vza.CompletedTrials([self.trial(self.count, parameters, value)]), self.vza.ActiveTrials())


def main():
    warnings.filterwarnings("ignore")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    tuner = None
    for line in sys.stdin:
        said = json.loads(line)
        if "tuner" in said:
            tuner = {"optuna": OptunaTuner, "vizier": VizierTuner}[said["tuner"]](said)
            for one in said["trials"]:
                tuner.tell(one["parameters"], one["value"])
            answer({"versions": {name: metadata.version(name) for name in tuner.packages}})
        elif "tell" in said:
            tuner.tell(said["tell"]["parameters"], said["tell"]["value"])
            answer({"told": True})
        elif "export" in said:
            answer({"written": tuner.export(**said["export"])})
        else:
            answer({"parameters": tuner.ask()})


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
