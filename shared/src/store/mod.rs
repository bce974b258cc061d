//! The directory on DynamoDB.
