/* engine/local/sm_ops.h - the operations of SageMaker, SageMaker Runtime and CloudWatch Logs.
 *
 * X(service, name, action, handler, flags), one line per operation; call.h has the checklist. A
 * SageMaker operation also has its input's shape in sm_tables.c. The LOCAL_ADMIN ones exist in the
 * stand-in only (faults.h, runtime.h).
 */
#ifndef ENGINE_LOCAL_SM_OPS_H
#define ENGINE_LOCAL_SM_OPS_H

#define LOCAL_SM_CONTROL_OPS(X) \
    X(LOCAL_SAGEMAKER, "CreateTrainingJob", "sagemaker:CreateTrainingJob", sm_create_training_job, \
      OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_SAGEMAKER, "DescribeTrainingJob", "sagemaker:DescribeTrainingJob", \
      sm_describe_training_job, 0) \
    X(LOCAL_SAGEMAKER, "UpdateTrainingJob", "sagemaker:UpdateTrainingJob", sm_update_training_job, \
      OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "StopTrainingJob", "sagemaker:StopTrainingJob", sm_stop_training_job, \
      OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "DeleteTrainingJob", "sagemaker:DeleteTrainingJob", sm_delete_training_job, \
      OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "ListTrainingJobs", "sagemaker:ListTrainingJobs", sm_list_training_jobs, 0) \
    X(LOCAL_SAGEMAKER, "CreateModel", "sagemaker:CreateModel", sm_create_model, OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "DescribeModel", "sagemaker:DescribeModel", sm_describe_model, 0) \
    X(LOCAL_SAGEMAKER, "DeleteModel", "sagemaker:DeleteModel", sm_delete_model, OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "ListModels", "sagemaker:ListModels", sm_list_models, 0) \
    X(LOCAL_SAGEMAKER, "CreateEndpointConfig", "sagemaker:CreateEndpointConfig", \
      sm_create_endpoint_config, OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "DescribeEndpointConfig", "sagemaker:DescribeEndpointConfig", \
      sm_describe_endpoint_config, 0) \
    X(LOCAL_SAGEMAKER, "DeleteEndpointConfig", "sagemaker:DeleteEndpointConfig", \
      sm_delete_endpoint_config, OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "ListEndpointConfigs", "sagemaker:ListEndpointConfigs", \
      sm_list_endpoint_configs, 0) \
    X(LOCAL_SAGEMAKER, "CreateEndpoint", "sagemaker:CreateEndpoint", sm_create_endpoint, \
      OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "DescribeEndpoint", "sagemaker:DescribeEndpoint", sm_describe_endpoint, 0) \
    X(LOCAL_SAGEMAKER, "UpdateEndpoint", "sagemaker:UpdateEndpoint", sm_update_endpoint, \
      OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "UpdateEndpointWeightsAndCapacities", \
      "sagemaker:UpdateEndpointWeightsAndCapacities", sm_update_endpoint_weights, OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "DeleteEndpoint", "sagemaker:DeleteEndpoint", sm_delete_endpoint, \
      OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "ListEndpoints", "sagemaker:ListEndpoints", sm_list_endpoints, 0) \
    X(LOCAL_SAGEMAKER, "Search", "sagemaker:Search", sm_search, 0) \
    X(LOCAL_SAGEMAKER, "AddTags", "sagemaker:AddTags", sm_add_tags, OP_MUTATING) \
    X(LOCAL_SAGEMAKER, "ListTags", "sagemaker:ListTags", sm_list_tags, 0) \
    X(LOCAL_SAGEMAKER, "DeleteTags", "sagemaker:DeleteTags", sm_delete_tags, OP_MUTATING)

#define LOCAL_RUNTIME_OPS(X) \
    X(LOCAL_RUNTIME, "InvokeEndpoint", "sagemaker:InvokeEndpoint", runtime_invoke_endpoint, \
      OP_OUTSIDE) \
    X(LOCAL_ADMIN, "models", "mmectl:models", runtime_models, OP_OUTSIDE) \
    X(LOCAL_ADMIN, "unload", "mmectl:unload", runtime_unload, OP_OUTSIDE) \
    X(LOCAL_ADMIN, "faults", "mmectl:faults", faults_op, 0) \
    X(LOCAL_ADMIN, "settings", "mmectl:settings", settings_op, 0)

#define LOCAL_LOGS_OPS(X) \
    X(LOCAL_LOGS, "CreateLogGroup", "logs:CreateLogGroup", logs_create_log_group, OP_MUTATING) \
    X(LOCAL_LOGS, "DeleteLogGroup", "logs:DeleteLogGroup", logs_delete_log_group, OP_MUTATING) \
    X(LOCAL_LOGS, "DescribeLogGroups", "logs:DescribeLogGroups", logs_describe_log_groups, 0) \
    X(LOCAL_LOGS, "PutRetentionPolicy", "logs:PutRetentionPolicy", logs_put_retention_policy, \
      OP_MUTATING) \
    X(LOCAL_LOGS, "DeleteRetentionPolicy", "logs:DeleteRetentionPolicy", \
      logs_delete_retention_policy, OP_MUTATING) \
    X(LOCAL_LOGS, "CreateLogStream", "logs:CreateLogStream", logs_create_log_stream, OP_MUTATING) \
    X(LOCAL_LOGS, "PutLogEvents", "logs:PutLogEvents", logs_put_log_events, OP_MUTATING) \
    X(LOCAL_LOGS, "DescribeLogStreams", "logs:DescribeLogStreams", logs_describe_log_streams, 0) \
    X(LOCAL_LOGS, "DeleteLogStream", "logs:DeleteLogStream", logs_delete_log_stream, OP_MUTATING) \
    X(LOCAL_LOGS, "GetLogEvents", "logs:GetLogEvents", logs_get_log_events, 0) \
    X(LOCAL_LOGS, "FilterLogEvents", "logs:FilterLogEvents", logs_filter_log_events, 0)

#define LOCAL_SM_OPS(X) LOCAL_SM_CONTROL_OPS(X) LOCAL_RUNTIME_OPS(X) LOCAL_LOGS_OPS(X)

/* X(room): struct local_room variables of these services, in the order they start. */
#define LOCAL_SM_ROOMS(X) \
    X(local_faults_room) \
    X(local_logs_room) X(local_fleet_room) X(local_trainer_room) X(local_sm_room)

#endif
