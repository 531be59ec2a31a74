"""Everything the judge says to a student, keyed by code: one catalogue, ready for translation.

A message is a plain sentence: what was asked, what came back, what was expected. `say` fills
the named facts in; a missing fact is a programming error and raises KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MESSAGES", "say"]

MESSAGES: Mapping[str, str] = {
    # ------------------------------------------------------------ a check as a whole
    "check.passed": "All {examples} cases are right.",
    "check.blocked": "{function} could not be judged: {cause}.",
    # ------------------------------------------------------------ one case
    "case.wrong": "For {inputs} you return {part} = {got}, expected {expected}.",
    "case.interval": "For {inputs} you return {part} = {got}, expected anything from {low} to {high}.",
    "case.form": "For {inputs} your answer has the wrong form: {problem}.",
    "case.malformed": "For {inputs} you return something that is no number, array, list or tuple: {problem}.",
    "case.raised": "For {inputs} {function} raises {error}{place}.",
    "case.timeout": "For {inputs} {function} does not finish: the {limit} s for this check ran out.",
    "case.memory": "For {inputs} {function} needs more than the {limit} MiB of memory allowed{place}.",
    "case.died": "For {inputs} {function} ends the whole process: {reason}.",
    "case.blocked": "Not reached: {cause}.",
    "case.no_answers": "No call returned an answer to look at.",
    # ------------------------------------------------------------ why cases were not reached
    "cause.timeout": "an earlier call of {function} did not finish in time",
    "cause.memory": "an earlier call of {function} ran out of memory",
    "cause.malformed": "an earlier answer of {function} could not be read",
    "cause.died": "an earlier call of {function} ended the process",
    # ------------------------------------------------------------ mistakes of any check
    "general.missing": "{function} is not defined.",
    "general.missing.near": "{function} is not defined. Did you mean {near}? Then rename it {function}.",
    "general.missing.unread": "{function} is not defined: {place} cannot be read ({error}). Mend that line.",
    "general.missing.failed": "{function} is not defined: {place} fails ({error}). Mend that line.",
    "general.missing.most": (
        "{count} of {of} functions are lost to lines that cannot be read or fail: see what they are worth once that is "
        "mended. First of them: {first}."
    ),
    "general.missing.stub": "{function} is still empty: it raises NotImplementedError.",
    "general.crash": "{function} raises {error}{place}.",
    "general.timeout": "{function} does not finish within {limit} s: look for a loop that never ends.",
    "general.memory": "{function} needs more memory than the {limit} MiB allowed.",
    "general.shape": "{function} returns an answer of the wrong form: {problem}.",
    "general.nan": "{function} returns NaN or infinity where the right answer is an ordinary number.",
    "general.nondeterministic": (
        "Asked the same question twice, {function} gives two answers: for {inputs} first {part} = {first}, "
        "then {part} = {second}. Something is kept between calls, or random."
    ),
    "general.hardcoded_size": (
        "{function} works only where {size}: a number stands where a size of X belongs. "
        "What could be asked of X instead?"
    ),
    "general.mutates_input": "{function} changes {names}: leave the inputs as they are and work on a copy.",
    # ------------------------------------------------------------ known mistakes: the cause, then a hint
    "diagnosis.either": "Either: {first} Or: {others} No case tells these causes apart.",
    "relu.not_zero_below": "relu is not 0 below zero. What should a unit send on that does not fire?",
    "relu.leaky": "Below zero the slope is {slope}, as in a leaky ReLU. The exercise's ReLU is flat there.",
    "relu.derivative_at_zero": (
        "The derivative at exactly 0 is {value}. The exercise settles this corner by a convention: look it up."
    ),
    "relu.derivative_not_step": (
        "The derivative of the ReLU is not a step from 0 to 1. How steep is the ReLU's graph on either side of zero?"
    ),
    "targets.exclusive_count": "Each target leaves out its own step. Does the one that has just been read count?",
    "targets.total_count": (
        "Every step gets the count of the whole sequence. How many ones has the network seen by step k?"
    ),
    "targets.wrong_axis": "The ones are counted across the sequences. Which axis of X is time?",
    "forward.no_activation": "The outputs never pass through the ReLU. Try weights that make some s_k negative.",
    "forward.no_recurrence": (
        "What came before plays no part. What does the network remember from one step to the next?"
    ),
    "forward.previous_preactivation": (
        "s_{{k-1}} is fed back where y_{{k-1}} belongs. Is it what a unit sums up, or what it sends on, that comes"
        " back?"
    ),
    "forward.weights_swapped": "The two weights have changed places. Which one meets the input, which one the past?",
    "forward.wrong_axis": "The recurrence runs across the sequences. Which axis of X is time?",
    "forward.state_leak": (
        "A sequence starts with what another one left behind. What does the network know before its first step?"
    ),
    "gradient.sign": (
        "The gradient points the other way. In which direction does the loss grow when an output is too large?"
    ),
    "gradient.scale": (
        "The gradient is {factor} times the right one. Differentiate the loss with its constant in front."
    ),
    "gradient.mean_over_sequences": (
        "The gradient is averaged over the sequences. Is the loss a sum over them, or a mean?"
    ),
    "gradient.mean_over_time": (
        "The gradient is divided by the number of steps. Is the loss a sum over them, or a mean?"
    ),
    "gradient.truncated": (
        "Errors are carried back {steps} steps at most. How far back does a weight's influence on y_n reach?"
    ),
    "gradient.no_recurrent_factor": (
        "On its way back in time an error {shown}. By what does a change of y_{{k-1}} change s_k?"
    ),
    "gradient.extra_recurrent_factor": (
        "An error meets the factor Wrec once too often on its way back. How many steps lie between step k and step n?"
    ),
    "gradient.no_activation_derivative": (
        "The ReLU's derivative is left out. What passes back through a unit that did not fire?"
    ),
    "gradient.activation_derivative_off_by_one": (
        "The ReLU's derivatives belong to the wrong steps. Which units does an error pass from step n back to step"
        " k, ends included?"
    ),
    "gradient.last_step_error_only": "Only the last step's error counts. Over which steps does the loss add up?",
    "gradient.hidden_state_off_by_one": (
        "dWrec is made with {shown}, a state of the wrong step. Which output did Wrec multiply to make s_k?"
    ),
    "gradient.input_off_by_one": (
        "dWxs is made with {shown}, an input of the wrong step. Which input did Wxs multiply to make s_k?"
    ),
    "gradient.swapped": "dWxs and dWrec have changed places. In which order are they to be returned?",
    "gradient.wraparound": (
        "At the first step the value before it is taken from the sequence's end. What does an index of -1 mean?"
    ),
    "gradient.first_sequence_only": "Only the first sequence counts. Over what does the loss add up besides time?",
    "gradient.error_decoupled": (
        "Errors and sensitivities are summed apart and then multiplied. Does each error meet its own step's "
        "sensitivity?"
    ),
    "gradient.immediate_step_missing": (
        "A step's error never meets the weights at work in that same step, the term k = n. Where does the inner "
        "sum end?"
    ),
    "gradient.accumulates_between_calls": (
        "Each call adds to what earlier calls left behind. Where does a gradient's sum start?"
    ),
    "train.wrong_direction": "The weights go uphill. Which way does the loss fall?",
    "train.sequential_update": (
        "{weight} is updated first, and the other weight's gradient is taken after that. At which point is the "
        "gradient of a step taken?"
    ),
    "train.hardcoded_weights": "{weights} come back whatever was asked. Other data have other solutions.",
    "train.ignores_learning_rate": "The steps are made with a rate of {rate} whatever l_r is. Where does l_r enter?",
    "train.ignores_initial_weights": "Training always starts at {start}. Where are the weights given?",
    "train.iteration_count": "There are {count} of the updates. How often is the loop's body run for n_iter = 1?",
    "train.loss_misreported": (
        "The weights are right, the losses are not L before each update. What is in front of the sum, over what is"
        " it, and when is it taken?"
    ),
    "train.frozen_weight": "{weight} is never updated. How many weights does the network learn?",
    "train.diverges": "The steps grow from one update to the next. What must be the same at each update?",
    "predict.truncates": (
        "The outputs are cut off where they should be rounded. Which whole number is 2.998 nearest to?"
    ),
    # ------------------------------------------------------------ what the exercise does not allow
    "watch.unseen": (
        "{function} ended or ran on only when it was watched for how it takes its gradient: someone has to look."
    ),
    "policy.autograd": (
        "{function} takes its gradient from automatic differentiation; the exercise asks for backpropagation "
        "through time written by hand."
    ),
    "policy.numerical_gradient": (
        "{function} takes its gradient from differences between runs with shifted weights; the exercise asks for "
        "backpropagation through time written by hand."
    ),
    # ------------------------------------------------------------ notices
    "carried.forward": (
        "{function} was judged with right answers in place of your {helpers}: "
        "a mistake made there is counted there only."
    ),
    "carried.not_separable": (
        "{function} cannot be judged apart from {helpers}: it raises an exception once these are answered from outside."
    ),
    "convention.mean_over_sequences": "{function} was read as of a mean over sequences, as the rubric allows.",
    "convention.mean_over_time": "{function} was read as of a mean over time, as the rubric allows.",
    "convention.mean": "{function} was read as of a mean over sequences and time, as the rubric allows.",
    # ------------------------------------------------------------ flat scripts
    "flat.understood": "Read as a script without functions: {roles}.",
    "cause.no_loop": "no training loop was found that the script reaches",
    "cause.no_updates": "no statement in the training loop updates a weight",
    "cause.role_missing": "nothing in the script was recognised as {roles}; if it is there, call it {first}",
    "flat.loop_ends": "The training loop ends the process, or does not finish.",
    "flat.loop_raises": "The training loop raises {error}{place}.",
    "flat.endless": (
        "Nothing in the training loop can end it. Which of its lines changes what its condition asks about?"
    ),
    "flat.odd_data": "{name} does not hold zeros and ones, some of each, as the exercise draws it.",
    "flat.use_unclear": (
        "The script also takes a gradient {method}, and whether it trains by that one could not be told: "
        "someone has to look."
    ),
    "cause.use_autograd": "from automatic differentiation",
    "cause.use_numerical_gradient": "from differences between runs with shifted weights",
    "flat.unseen": "Nothing in the training loop updates {weight}, so its gradient could not be seen.",
    "flat.start": (
        "Started at (Wxs, Wrec) = {start} with a learning rate of 0, the weights are {got} after an iteration."
    ),
    "flat.learning_rate": (
        "With l_r = {rate} one iteration moves (Wxs, Wrec) by {got} against the gradient, expected l_r times the "
        "gradient: {expected}. Where does l_r enter?"
    ),
    "flat.iterations": "In {asked} iterations of the training loop the weights were updated {count} times.",
    "flat.wanders": "With a learning rate of 0 the weights still move, each time to another place: by chance.",
    "flat.later_steps": (
        "From the same weights and data, iteration {iteration} moves {weight} by {factor} times as much as its first "
        "update: plain gradient descent goes by l_r times the gradient each time."
    ),
    "flat.stale": (
        "The second iteration still has the outputs {name} of the first, though the weights have changed: the forward "
        "pass belongs into each iteration."
    ),
    "flat.not_its_own": (
        "Iteration {iteration} does not move the weights as a script started from there does: something is left over "
        "from before."
    ),
    "flat.accumulates": (
        "From the same weights and data the first iteration uses the gradient {first}, the second {second}: "
        "something is left over from the iteration before."
    ),
    "flat.accumulates_later": (
        "The second iteration does not use the gradient that a fresh start from its weights uses: something is "
        "left over from the iteration before."
    ),
    "flat.states_differ": (
        "With the same weights the second iteration finds other outputs than the first, for X = {inputs}: it "
        "starts with what the first left behind."
    ),
    "flat.random": "Run twice on the same data from the same weights, the script uses two different gradients.",
    "flat.hardcoded_size": (
        "The script works only where {size}: a number stands where a size of X belongs. It was judged at that size."
    ),
    "general.uninitialised_memory": (
        "Memory is used as it happened to lie there: filled with other numbers, the script trains to other weights. "
        "Start from zeros."
    ),
    "train.zero_iterations_raises": "{function} raises {error} when n_iter is 0: better give the start back.",
}


def say(code: str, **facts: object) -> str:
    """The sentence for `code` with `facts` filled in. Raises KeyError for an unknown code or a missing fact.

    >>> say("general.missing", function="relu")
    'relu is not defined.'
    """
    return MESSAGES[code].format_map(facts)
