//! Pages of AWS's web console: where a service has its first page.

use url::Url;

use crate::arn::Partition;
use crate::error::{Error, Result, clean};

/// Services whose page is not at `/NAME/home`, by the names that people and the AWS CLI have for them.
const PATHS: &[(&str, &str)] = &[
    ("apigw", "apigateway/home"),
    ("cfn", "cloudformation/home"),
    ("cloudfront", "cloudfront/v4/home"),
    ("cloudtrail", "cloudtrailv2/home"),
    ("codebuild", "codesuite/codebuild/home"),
    ("codecommit", "codesuite/codecommit/home"),
    ("codedeploy", "codesuite/codedeploy/home"),
    ("codepipeline", "codesuite/codepipeline/home"),
    ("cognito", "cognito/v2/home"),
    ("cw", "cloudwatch/home"),
    ("dynamodb", "dynamodbv2/home"),
    ("ddb", "dynamodbv2/home"),
    ("ecs", "ecs/v2/home"),
    ("eventbridge", "events/home"),
    ("home", "console/home"),
    ("inspector", "inspector/v2/home"),
    ("opensearch", "aos/home"),
    ("organizations", "organizations/v2/home"),
    ("redshift", "redshiftv2/home"),
    ("route53", "route53/v2/home"),
    ("r53", "route53/v2/home"),
    ("sfn", "states/home"),
    ("sns", "sns/v3/home"),
    ("sqs", "sqs/v3/home"),
    ("ssm", "systems-manager/home"),
    ("stepfunctions", "states/home"),
    ("vpc", "vpcconsole/home"),
    ("waf", "wafv2/homev2"),
    ("wafv2", "wafv2/homev2"),
];

/// The first page of a service in a region; of the console itself without a service.
pub fn page(partition: &Partition, region: &str, service: Option<&str>) -> Result<Url> {
    let name = service.unwrap_or("home").to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
        return Err(Error::usage(format!(
            "`{}` is not the name of a service",
            clean(service.unwrap_or_default())
        ))
        .hint("names are those in addresses of the console, such as s3, ec2 or cloudwatch"));
    }
    let known = PATHS.iter().find(|(known, _)| *known == name);
    let path = known.map_or(format!("{name}/home"), |(_, path)| (*path).to_owned());
    let host = partition.console_host(region);
    Url::parse(&format!("https://{host}/{path}?region={region}"))
        .map_err(|_| Error::usage(format!("`{}` is not a region", clean(region))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: &str, service: Option<&str>) -> String {
        let partition = Partition::of_region(region).unwrap();
        page(partition, region, service).unwrap().to_string()
    }

    #[test]
    fn services_are_found_in_every_partition() {
        assert_eq!(
            of("us-east-1", None),
            "https://console.aws.amazon.com/console/home?region=us-east-1"
        );
        assert_eq!(
            of("eu-west-1", Some("S3")),
            "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1"
        );
        assert_eq!(
            of("cn-northwest-1", Some("dynamodb")),
            "https://cn-northwest-1.console.amazonaws.cn/dynamodbv2/home?region=cn-northwest-1"
        );
        assert_eq!(
            of("us-gov-west-1", Some("brand-new")),
            "https://console.amazonaws-us-gov.com/brand-new/home?region=us-gov-west-1"
        );
        assert_eq!(
            of("eusc-de-east-1", Some("cfn")),
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/cloudformation/home?region=eusc-de-east-1"
        );
    }

    #[test]
    fn what_is_no_name_leads_nowhere() {
        let partition = Partition::by_id("aws").unwrap();
        for name in ["", "../x", "a b", "s3?x=", "https://x.test/", "ä"] {
            assert!(page(partition, "us-east-1", Some(name)).is_err(), "{name}");
        }
    }
}
