"""Error codes that an operation's own model does not list, and the statuses they come with.

AWS documents them per service ("Common Errors") and, for S3, as one list: S3's model names hardly any.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

_ANY = {
    "AccessDeniedException": (400, 403), "ExpiredTokenException": (400, 403), "IncompleteSignature": (400, 403),
    "IncompleteSignatureException": (400, 403), "InternalFailure": (500,), "InternalServerError": (500,),
    "InvalidSignatureException": (400, 403), "MissingAuthenticationTokenException": (400, 403),
    "MissingAuthenticationToken": (400, 403), "RequestExpired": (400,), "SerializationException": (400,),
    "ServiceUnavailable": (503,), "ServiceUnavailableException": (503,), "ThrottlingException": (400,),
    "UnknownOperationException": (400, 404), "UnrecognizedClientException": (400, 403), "ValidationException": (400,),
    "NotAuthorized": (400,), "OptInRequired": (403,), "InvalidAction": (400,), "InvalidClientTokenId": (403,),
    "RequestLimitExceeded": (503,), "InvalidParameterCombination": (400,), "InvalidParameterValue": (400,),
}
# The query protocol's names of the same.
_QUERY = dict(_ANY, **{
    "AccessDenied": (403,), "ExpiredToken": (403,), "SignatureDoesNotMatch": (403,), "Throttling": (400,),
    "ValidationError": (400,), "MissingParameter": (400,), "MalformedQueryString": (404,),
})

COMMON = {
    "sagemaker": _ANY, "logs": _ANY, "application-autoscaling": _ANY, "sagemaker-runtime": _ANY, "sts": _QUERY, "iam": _QUERY,
    "monitoring": _QUERY,
}

S3_CODES = {
    "AccessDenied": 403, "AuthorizationHeaderMalformed": 400, "AuthorizationQueryParametersError": 400, "BadDigest": 400,
    "BucketAlreadyExists": 409, "BucketAlreadyOwnedByYou": 409, "BucketNotEmpty": 409, "ConditionalRequestConflict": 409,
    "EntityTooLarge": 400, "EntityTooSmall": 400, "ExpiredToken": 400, "IllegalLocationConstraintException": 400,
    "IncompleteBody": 400, "InternalError": 500, "InvalidAccessKeyId": 403, "InvalidArgument": 400, "InvalidBucketName": 400,
    "InvalidDigest": 400, "InvalidLocationConstraint": 400, "InvalidPart": 400, "InvalidPartOrder": 400, "InvalidRange": 416,
    "InvalidRequest": 400, "InvalidStorageClass": 400, "InvalidTag": 400, "InvalidToken": 400, "InvalidURI": 400,
    "KeyTooLongError": 400, "MalformedXML": 400, "MetadataTooLarge": 400, "MethodNotAllowed": 405,
    "MissingContentLength": 411, "NoSuchBucket": 404, "NoSuchBucketPolicy": 404, "NoSuchCORSConfiguration": 404, "NoSuchWebsiteConfiguration": 404,
    "ReplicationConfigurationNotFoundError": 404, "ObjectLockConfigurationNotFoundError": 404, "InvalidPartNumber": 416,
    "AccessControlListNotSupported": 400, "NoSuchKey": 404, "NoSuchLifecycleConfiguration": 404,
    "NoSuchPublicAccessBlockConfiguration": 404, "NoSuchTagSet": 404, "NoSuchUpload": 404, "NoSuchVersion": 404,
    "NotImplemented": 501, "OperationAborted": 409, "PermanentRedirect": 301, "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403, "RequestTimeout": 400, "ServerSideEncryptionConfigurationNotFoundError": 404,
    "ServiceUnavailable": 503, "SignatureDoesNotMatch": 403, "SlowDown": 503, "TemporaryRedirect": 307, "TooManyBuckets": 400,
    "XAmzContentSHA256Mismatch": 400, "InvalidBucketState": 409, "MissingSecurityHeader": 400, "InvalidObjectState": 403,
}

# What AWS sends with errors and its models do not have, by service.
# https://github.com/aws/amazon-sagemaker-examples/issues/1216: {"ErrorCode": "TARGET_MODEL_HEADER_NOT_SUPPORTED", ...}
UNMODELLED = {"sagemaker-runtime": {"ErrorCode"}}
