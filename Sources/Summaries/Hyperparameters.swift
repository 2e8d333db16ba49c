// Hyperparameters of a run, for TensorBoard's page of that name.

import Messages
import SwiftProtobuf

/// The value of a hyperparameter.
public enum HyperparameterValue: Hashable, Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByBooleanLiteral
{
    case number(Double)
    case text(String)
    case flag(Bool)

    public init(floatLiteral value: Double) { self = .number(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
}

/// What an event file says of hyperparameters.
public enum Hyperparameters: Hashable, Sendable {
    /// The parameters and metrics that the page has columns for.
    case experiment(parameters: [String], metrics: [String])
    /// The values of a run.
    case start([String: HyperparameterValue], trial: String, startTime: Double)
    /// How a run ended.
    case end(Status, endTime: Double)

    public enum Status: Int, Hashable, Sendable {
        case unknown, success, failure, running
    }

    /// The tag under which the page looks for it.
    var tag: String {
        switch self {
        case .experiment: "_hparams_/experiment"
        case .start: "_hparams_/session_start_info"
        case .end: "_hparams_/session_end_info"
        }
    }

    init?(_ message: Tensorboard_Hparams_HParamsPluginData) {
        switch message.data {
        case .experiment(let experiment):
            self = .experiment(
                parameters: experiment.hparamInfos.map(\.name), metrics: experiment.metricInfos.map(\.name.tag))
        case .sessionStartInfo(let start):
            self = .start(
                start.hparams.compactMapValues { HyperparameterValue($0) }, trial: start.groupName,
                startTime: start.startTimeSecs)
        case .sessionEndInfo(let end):
            self = .end(Status(rawValue: end.status.rawValue) ?? .unknown, endTime: end.endTimeSecs)
        case nil: return nil
        }
    }

    var message: Tensorboard_Hparams_HParamsPluginData {
        .with { message in
            switch self {
            case .experiment(let parameters, let metrics):
                message.experiment.hparamInfos = parameters.map { name in .with { $0.name = name } }
                message.experiment.metricInfos = metrics.map { tag in .with { $0.name.tag = tag } }
            case .start(let values, let trial, let startTime):
                message.sessionStartInfo.hparams = values.mapValues(\.message)
                message.sessionStartInfo.groupName = trial
                message.sessionStartInfo.startTimeSecs = startTime
            case .end(let status, let endTime):
                message.sessionEndInfo.status = .init(rawValue: status.rawValue) ?? .unknown
                message.sessionEndInfo.endTimeSecs = endTime
            }
        }
    }
}

extension HyperparameterValue {
    fileprivate init?(_ message: Google_Protobuf_Value) {
        switch message.kind {
        case .numberValue(let number): self = .number(number)
        case .stringValue(let text): self = .text(text)
        case .boolValue(let flag): self = .flag(flag)
        default: return nil
        }
    }

    fileprivate var message: Google_Protobuf_Value {
        switch self {
        case .number(let number): Google_Protobuf_Value(numberValue: number)
        case .text(let text): Google_Protobuf_Value(stringValue: text)
        case .flag(let flag): Google_Protobuf_Value(boolValue: flag)
        }
    }
}
