package model_test

import (
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// TestSTSAnswers gives the answers that the tests of service/sts compare with to the
// SDK, which must find in them all that they say.
func TestSTSAnswers(t *testing.T) {
	t.Parallel()
	expires := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	credentials := &types.Credentials{
		AccessKeyId: aws.String("ASIAIOSFODNN7EXAMPLE"), SecretAccessKey: aws.String("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
		SessionToken: aws.String("AQ-token_<&>"), Expiration: &expires,
	}
	role := &types.AssumedRoleUser{AssumedRoleId: aws.String("AROAIOSFODNN7EXAMPLE:s1"), Arn: aws.String("arn:aws:sts::111122223333:assumed-role/reader/s1")}
	tests := []struct {
		file string
		want any
	}{
		{file: "AssumeRole", want: &sts.AssumeRoleOutput{Credentials: credentials, AssumedRoleUser: role, PackedPolicySize: aws.Int32(6), SourceIdentity: aws.String("alice")}},
		{file: "AssumeRole-plain", want: &sts.AssumeRoleOutput{Credentials: credentials, AssumedRoleUser: role}},
		{file: "AssumeRoleWithWebIdentity", want: &sts.AssumeRoleWithWebIdentityOutput{
			Credentials: credentials, AssumedRoleUser: role, PackedPolicySize: aws.Int32(6), SourceIdentity: aws.String("alice"),
			SubjectFromWebIdentityToken: aws.String("repo:a/<b>\n&c"), Audience: aws.String("sts.amazonaws.com"), Provider: aws.String("https://gitlab.example.com"),
		}},
		{file: "AssumeRoleWithSAML", want: &sts.AssumeRoleWithSAMLOutput{
			Credentials: credentials, AssumedRoleUser: role, PackedPolicySize: aws.Int32(6), SourceIdentity: aws.String("alice"),
			Subject: aws.String("alice"), SubjectType: aws.String("persistent"), Issuer: aws.String("https://idp.example.com"),
			Audience: aws.String("https://sts.example.com/saml"), NameQualifier: aws.String("SbdGOnUkh1i4+EXAMPLExL/jEvs="),
		}},
		{file: "GetSessionToken", want: &sts.GetSessionTokenOutput{Credentials: credentials}},
		{file: "GetFederationToken", want: &sts.GetFederationTokenOutput{
			Credentials: credentials, PackedPolicySize: aws.Int32(12),
			FederatedUser: &types.FederatedUser{FederatedUserId: aws.String("111122223333:bob"), Arn: aws.String("arn:aws:sts::111122223333:federated-user/bob")},
		}},
		{file: "GetCallerIdentity", want: &sts.GetCallerIdentityOutput{
			UserId: aws.String("AIDAIOSFODNN7EXAMPLE"), Account: aws.String("111122223333"), Arn: aws.String("arn:aws:iam::111122223333:user/alice"),
		}},
		{file: "GetAccessKeyInfo", want: &sts.GetAccessKeyInfoOutput{Account: aws.String("111122223333")}},
		{file: "DecodeAuthorizationMessage", want: &sts.DecodeAuthorizationMessageOutput{DecodedMessage: aws.String(`{"allowed":false,"a":"<&>"}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			answer, err := os.Open("../../service/sts/testdata/" + tt.file + ".xml")
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Close()
			client := stsClient(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(answer)}, nil
			})
			err = callSTS(t, client, inputOf(tt.want), func(output reflect.Value) {
				metadata := output.Elem().FieldByName("ResultMetadata")
				metadata.SetZero()
				if got := output.Interface(); !reflect.DeepEqual(got, tt.want) {
					t.Errorf("read as %+v", got)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// inputOf is an input of the operation of an output.
func inputOf(output any) any {
	name := strings.TrimSuffix(reflect.TypeOf(output).Elem().Name(), "Output")
	for _, input := range stsInputs {
		if reflect.TypeOf(input).Elem().Name() == name+"Input" {
			return input
		}
	}
	return nil
}
