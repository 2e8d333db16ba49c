// The recurrent layers that are compared with Keras's; see LayerCases.swift.

import Keras
import Operations

extension LayerCase {
    static let recurrent: [LayerCase] = simpleRNNs + lstms + grus + bidirectional + cells

    private static let simpleRNNs: [LayerCase] = [
        .init("simple-rnn", SimpleRNN(3)),
        .init("simple-rnn-sequences", SimpleRNN(3, returnsSequences: true)),
        .init("simple-rnn-settings", SimpleRNN(3, activation: .relu, usesBias: false)),
        .init("simple-rnn-backwards", SimpleRNN(3, returnsSequences: true, goesBackwards: true)),
        .init("simple-rnn-states", SimpleRNN(3, returnsSequences: true, returnsState: true)),
        .init("simple-rnn-unrolled", SimpleRNN(3, returnsSequences: true, unrolls: true)),
        .init("simple-rnn-one-step", SimpleRNN(3)),
        .init("simple-rnn-dropout-in-use", SimpleRNN(3, dropout: 0.5, recurrentDropout: 0.25)),
        .init("simple-rnn-initial", SimpleRNN(3, returnsState: true)),
        .init("stateful-simple-rnn", SimpleRNN(3, returnsSequences: true, isStateful: true)),
        .init("simple-rnn-masked") { [Masking(), SimpleRNN(3)] },
        .init("simple-rnn-masked-sequences") { [Masking(), SimpleRNN(3, returnsSequences: true)] },
        .init("simple-rnn-masked-backwards") {
            [Masking(), SimpleRNN(3, returnsSequences: true, returnsState: true, goesBackwards: true)]
        },
        .init("simple-rnn-masked-zeros") {
            [Masking(), SimpleRNN(3, returnsSequences: true, zerosMaskedOutputs: true)]
        },
        .init("simple-rnn-masked-unrolled") {
            [Masking(), SimpleRNN(3, returnsSequences: true, returnsState: true, unrolls: true)]
        },
        .init("bidirectional-simple-rnn", Bidirectional(SimpleRNN(3))),
    ]

    private static let lstms: [LayerCase] = [
        .init("lstm", LSTM(3)),
        .init("lstm-sequences", LSTM(3, returnsSequences: true)),
        .init(
            "lstm-settings",
            LSTM(3, activation: .relu, recurrentActivation: .hardSigmoid, usesBias: false, unitForgetBias: false)),
        .init("lstm-backwards", LSTM(3, returnsSequences: true, goesBackwards: true)),
        .init("lstm-states", LSTM(3, returnsSequences: true, returnsState: true)),
        .init("lstm-unrolled", LSTM(3, returnsSequences: true, unrolls: true)),
        .init("lstm-one-step", LSTM(3)),
        .init("lstm-dropout-in-use", LSTM(3, dropout: 0.5, recurrentDropout: 0.25)),
        .init("lstm-activity", LSTM(3, activityRegularizer: .l1l2(l1: 0.1, l2: 0.2))),
        .init("lstm-initial", LSTM(3, returnsState: true)),
        .init("stateful-lstm", LSTM(3, returnsSequences: true, isStateful: true)),
        .init("lstm-masked") { [Masking(), LSTM(3)] },
        .init("lstm-masked-sequences") { [Masking(), LSTM(3, returnsSequences: true)] },
        .init("lstm-masked-backwards") {
            [Masking(), LSTM(3, returnsSequences: true, returnsState: true, goesBackwards: true)]
        },
        .init("lstm-masked-zeros") { [Masking(), LSTM(3, returnsSequences: true, zerosMaskedOutputs: true)] },
        .init("lstm-masked-unrolled") {
            [Masking(), LSTM(3, returnsSequences: true, returnsState: true, unrolls: true)]
        },
        .init("lstm-words") { [Embedding(5, 4, masksZero: true), LSTM(3, returnsSequences: true), LSTM(2)] },
        .init("lstm-per-step") { [LSTM(3, returnsSequences: true), TimeDistributed(Dense(2))] },
        .init("bidirectional-lstm", Bidirectional(LSTM(3))),
    ]

    private static let grus: [LayerCase] = [
        .init("gru", GRU(3)),
        .init("gru-sequences", GRU(3, returnsSequences: true)),
        .init("gru-settings", GRU(3, activation: .relu, recurrentActivation: .hardSigmoid, usesBias: false)),
        .init("gru-backwards", GRU(3, returnsSequences: true, goesBackwards: true)),
        .init("gru-states", GRU(3, returnsSequences: true, returnsState: true)),
        .init("gru-unrolled", GRU(3, returnsSequences: true, unrolls: true)),
        .init("gru-one-step", GRU(3)),
        .init("gru-dropout-in-use", GRU(3, dropout: 0.5, recurrentDropout: 0.25)),
        .init("gru-activity", GRU(3, activityRegularizer: .l1l2(l1: 0.1, l2: 0.2))),
        .init("gru-initial", GRU(3, returnsState: true)),
        .init("stateful-gru", GRU(3, returnsSequences: true, isStateful: true)),
        .init("gru-masked") { [Masking(), GRU(3)] },
        .init("gru-masked-sequences") { [Masking(), GRU(3, returnsSequences: true)] },
        .init("gru-masked-backwards") {
            [Masking(), GRU(3, returnsSequences: true, returnsState: true, goesBackwards: true)]
        },
        .init("gru-masked-zeros") { [Masking(), GRU(3, returnsSequences: true, zerosMaskedOutputs: true)] },
        .init("gru-masked-unrolled") {
            [Masking(), GRU(3, returnsSequences: true, returnsState: true, unrolls: true)]
        },
        .init("gru-reset-before", GRU(3, resetsAfter: false)),
        .init("gru-reset-before-dropout-in-use", GRU(3, recurrentDropout: 0.5, resetsAfter: false)),
        .init("bidirectional-gru", Bidirectional(GRU(3))),
    ]

    private static let bidirectional: [LayerCase] =
        Bidirectional.MergeMode.allCases.map { mode in
            LayerCase("bidirectional-\(mode)", Bidirectional(LSTM(3, returnsSequences: true), mergeMode: mode))
        } + [
            .init("bidirectional-states", Bidirectional(LSTM(3, returnsState: true))),
            .init("bidirectional-initial", Bidirectional(GRU(3, returnsSequences: true))),
            .init(
                "bidirectional-other",
                Bidirectional(
                    LSTM(3, returnsSequences: true),
                    backwardLayer: GRU(2, returnsSequences: true, goesBackwards: true))),
            .init("bidirectional-masked") { [Masking(), Bidirectional(LSTM(3, returnsSequences: true))] },
            .init("stateful-bidirectional", Bidirectional(GRU(3, isStateful: true))),
        ]

    private static let cells: [LayerCase] = [
        .init("rnn", RNN(GRUCell(3), returnsSequences: true)),
        .init("rnn-stacked", RNN([LSTMCell(3), GRUCell(4), SimpleRNNCell(2)], returnsSequences: true)),
        .init("rnn-stacked-masked") {
            [
                Masking(),
                RNN(StackedRNNCells([LSTMCell(3), LSTMCell(2)]), returnsSequences: true, goesBackwards: true),
            ]
        },
        .init("simple-rnn-cell", SimpleRNNCell(3)),
        .init("lstm-cell", LSTMCell(3)),
        .init("gru-cell", GRUCell(3, resetsAfter: false)),
    ]
}
