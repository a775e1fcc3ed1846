package policy_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

func TestIsPublic(t *testing.T) {
	t.Parallel()
	const everyone = `"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"`
	tests := []struct {
		name, statement string
		want            bool
	}{
		{"everyone", `"Effect": "Allow", ` + everyone, true},
		{"everyone under AWS, beside another", `"Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"`, true},
		{"an account", `"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "arn:aws:s3:::reports/*"`, false},
		{"a service", `"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::reports/*"`, false},
		{"a Deny of everyone", `"Effect": "Deny", ` + everyone, false},
		{"of an organization", `"Effect": "Allow", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}, ` + everyone, false},
		{"of an organization, if it is told", `"Effect": "Allow", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}, ` + everyone, true},
		{"for all values", `"Effect": "Allow", "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}, ` + everyone, true},
		{"not of an organization", `"Effect": "Allow", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}, ` + everyone, true},
		{"of any organization", `"Effect": "Allow", "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}, ` + everyone, true},
		{"a star that is none", `"Effect": "Allow", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-*"}}, ` + everyone, false},
		{"a variable", `"Effect": "Allow", "Condition": {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalTag/a}"}}, ` + everyone, true},
		{"one of two is a pattern", `"Effect": "Allow", "Condition": {"ArnLike": {"aws:SourceArn": ["arn:aws:sns:us-east-1:111122223333:a", "arn:aws:sns:*:*:*"]}}, ` + everyone, true},
		{"a source", `"Effect": "Allow", "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:a"}}, ` + everyone, false},
		{"what a client says", `"Effect": "Allow", "Condition": {"StringEquals": {"aws:Referer": "https://example.com/"}}, ` + everyone, true},
		{"a network", `"Effect": "Allow", "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}, ` + everyone, false},
		{"half of the Internet", `"Effect": "Allow", "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "128.0.0.0/1"]}}, ` + everyone, true},
		{"much of IPv6", `"Effect": "Allow", "Condition": {"IpAddress": {"aws:SourceIp": "2001::/16"}}, ` + everyone, true},
		{"a private network", `"Effect": "Allow", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, ` + everyone, false},
		{"all but a network", `"Effect": "Allow", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, ` + everyone, true},
		{"one condition of two", `"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceVpce": "vpce-1"}}, ` + everyone, false},
		{"no condition that counts", `"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}, ` + everyone, true},
		{"a second statement", `"Effect": "Deny", ` + everyone + `}, {"Effect": "Allow", ` + everyone, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, findings := policy.Parse(policy.Bucket, "reports.json", []byte(`{"Version": "2012-10-17", "Statement": [{`+tt.statement+`}]}`))
			if doc == nil {
				t.Fatal(findings)
			}
			if got := doc.IsPublic(); got != tt.want {
				t.Errorf("public %t, want %t", got, tt.want)
			}
		})
	}
}
