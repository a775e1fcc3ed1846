//go:build unix

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestSTSCalls makes each call of the Security Token Service with aws-sdk-go-v2, on
// the port of S3, and uses what it gets there.
func TestSTSCalls(t *testing.T) {
	t.Parallel()
	f := federate(t)
	for _, key := range []string{"reports/a", "reports/narrow/a", "teams/red/a", "teams/blue/a", "next/a", "partner/a", "operator/a", "home/ann/a", "home/bob/a", "orders/a"} {
		put(t, f.bucket, key, "the object "+key)
	}
	operator := f.asOperator()
	reads := func(c *types.Credentials, allowed, denied string) {
		t.Helper()
		if got := f.reads(t, temporary(c), allowed); got != "the object "+allowed {
			t.Errorf("reading %s: %s", allowed, got)
		}
		if got := f.reads(t, temporary(c), denied); got != "AccessDenied" {
			t.Errorf("reading %s: %s", denied, got)
		}
	}
	identity := func(c *types.Credentials, arn, id string) {
		t.Helper()
		out, err := f.with(c).GetCallerIdentity(t.Context(), nil)
		if err != nil || *out.Arn != arn || *out.UserId != id || *out.Account != account {
			t.Errorf("identity %+v, %v, want %s %s", out, err, arn, id)
		}
	}
	lasts := func(c *types.Credentials, want time.Duration) {
		t.Helper()
		if got := time.Until(*c.Expiration); got > want || got < want-time.Minute {
			t.Errorf("they last %s, want %s", got, want)
		}
	}

	out, err := operator.GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Arn != "arn:aws:iam::"+account+":user/operator" || *out.UserId != "AIDAOPERATOREXAMPLE22" {
		t.Errorf("the operator is %+v, %v", out, err)
	}

	role, err := operator.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN("reports")), RoleSessionName: aws.String("s1")})
	if err != nil {
		t.Fatal(err)
	}
	if *role.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/reports/s1" || *role.AssumedRoleUser.AssumedRoleId != "AROAREPORTSEXAMPLE222:s1" {
		t.Errorf("assumed %+v", role.AssumedRoleUser)
	}
	identity(role.Credentials, *role.AssumedRoleUser.Arn, *role.AssumedRoleUser.AssumedRoleId)
	lasts(role.Credentials, time.Hour)
	reads(role.Credentials, "reports/a", "operator/a")

	narrow, err := operator.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(roleARN("reports")), RoleSessionName: aws.String("narrow"), DurationSeconds: aws.Int32(900),
		PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::" + account + ":policy/narrow")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lasts(narrow.Credentials, 15*time.Minute)
	reads(narrow.Credentials, "reports/narrow/a", "reports/a")

	inline, err := operator.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(roleARN("reports")), RoleSessionName: aws.String("inline"), SourceIdentity: aws.String("ann"),
		Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + f.bucket + `/teams/*"}]}`),
		Tags:   []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}}, TransitiveTagKeys: []string{"team"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(inline.SourceIdentity) != "ann" || aws.ToInt32(inline.PackedPolicySize) == 0 {
		t.Errorf("source identity %q, packed size %d", aws.ToString(inline.SourceIdentity), aws.ToInt32(inline.PackedPolicySize))
	}
	reads(inline.Credentials, "teams/red/a", "teams/blue/a")
	reads(inline.Credentials, "teams/red/a", "reports/a")

	next, err := f.with(role.Credentials).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN("next")), RoleSessionName: aws.String("chained")})
	if err != nil {
		t.Fatal(err)
	}
	identity(next.Credentials, "arn:aws:sts::"+account+":assumed-role/next/chained", "AROANEXTEXAMPLE222222:chained")
	reads(next.Credentials, "next/a", "reports/a")

	partner, err := operator.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN("partner")), RoleSessionName: aws.String("s1"), ExternalId: aws.String("agreed-upon")})
	if err != nil {
		t.Fatal(err)
	}
	reads(partner.Credentials, "partner/a", "reports/a")

	federated, err := operator.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{
		Name:   aws.String("ann"),
		Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*/home/ann/*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *federated.FederatedUser.Arn != "arn:aws:sts::"+account+":federated-user/ann" || *federated.FederatedUser.FederatedUserId != account+":ann" {
		t.Errorf("federated %+v", federated.FederatedUser)
	}
	identity(federated.Credentials, *federated.FederatedUser.Arn, account+":ann")
	lasts(federated.Credentials, 12*time.Hour)
	reads(federated.Credentials, "home/ann/a", "home/bob/a")

	session, err := operator.GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	identity(session.Credentials, "arn:aws:iam::"+account+":user/operator", "AIDAOPERATOREXAMPLE22")
	lasts(session.Credentials, 12*time.Hour)
	reads(session.Credentials, "operator/a", "reports/a")

	web, err := f.exchangeToken(t.Context(), "orders", cluster().Token(serviceAccount()))
	if err != nil {
		t.Fatal(err)
	}
	if *web.SubjectFromWebIdentityToken != "system:serviceaccount:shop:orders" || *web.Audience != "sts.amazonaws.com" || *web.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/orders/tests" {
		t.Errorf("exchanged for %+v %s %s", web.AssumedRoleUser, *web.SubjectFromWebIdentityToken, *web.Audience)
	}
	reads(web.Credentials, "orders/a", "reports/a")

	link, err := sts.NewPresignClient(operator).PresignGetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, link.Method, link.URL, nil, nil); status != 200 || !strings.Contains(body, "user/operator</Arn>") {
		t.Errorf("the operator's identity, presigned: %d %s", status, body)
	}

	info, err := operator.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &f.operator.AccessKeyID})
	if err != nil || *info.Account != account {
		t.Errorf("the operator's key is of %+v, %v", info, err)
	}
}

// TestSTSRefusals: what must not work, with AWS's codes.
func TestSTSRefusals(t *testing.T) {
	t.Parallel()
	f := federate(t)
	operator := f.asOperator()
	assume := func(c *sts.Client, role string, options ...func(*sts.AssumeRoleInput)) error {
		in := &sts.AssumeRoleInput{RoleArn: aws.String(roleARN(role)), RoleSessionName: aws.String("s1")}
		for _, change := range options {
			change(in)
		}
		_, err := c.AssumeRole(t.Context(), in)
		return err
	}
	role, err := operator.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN("reports")), RoleSessionName: aws.String("s1")})
	if err != nil {
		t.Fatal(err)
	}
	federated, err := operator.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("ann")})
	if err != nil {
		t.Fatal(err)
	}
	session, err := operator.GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	nobody := stsClient(f.Endpoint, "", "", "")
	web := func(role, token string) error {
		_, err := f.exchangeToken(t.Context(), role, token)
		return err
	}
	with := *role.Credentials
	with.SessionToken = session.Credentials.SessionToken
	for _, tt := range []struct {
		what string
		err  error
		want string
	}{
		{"a role that does not trust one", assume(operator, "orders"), "AccessDenied"},
		{"a role that is not there", assume(operator, "gone"), "AccessDenied"},
		{"without the external id", assume(operator, "partner"), "AccessDenied"},
		{"with another external id", assume(operator, "partner", func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("guessed") }), "AccessDenied"},
		{"without a second factor", assume(operator, "guarded"), "AccessDenied"},
		{"too long", assume(operator, "reports", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }), "ValidationError"},
		{"too short", assume(operator, "reports", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }), "ValidationError"},
		{"a policy that is none", assume(operator, "reports", func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{}") }), "MalformedPolicyDocument"},
		{"chained too long", assume(f.with(role.Credentials), "next", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }), "ValidationError"},
		{"chained to a role that does not trust it", assume(f.with(role.Credentials), "partner"), "AccessDenied"},
		{"by a federated user", assume(f.with(federated.Credentials), "reports"), "AccessDenied"},
		{"with another's token", assume(f.with(&with), "next"), "InvalidClientTokenId"},
		{"an anonymous AssumeRole", assume(nobody, "reports"), "MissingAuthenticationToken"},
		{"a token for another role", web("reports", cluster().Token(serviceAccount())), "AccessDenied"},
		{"a token for a role that is not there", web("gone", cluster().Token(serviceAccount())), "AccessDenied"},
	} {
		if got := code(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %s", tt.what, tt.err, tt.want)
		}
	}
	for name, c := range map[string]*types.Credentials{"a role": role.Credentials, "a federated user": federated.Credentials, "a session": session.Credentials} {
		if _, err := f.with(c).GetSessionToken(t.Context(), nil); code(err) != "AccessDenied" {
			t.Errorf("GetSessionToken by %s: %v", name, err)
		}
		if _, err := f.with(c).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("x1")}); code(err) != "AccessDenied" {
			t.Errorf("GetFederationToken by %s: %v", name, err)
		}
	}
	if out, err := nobody.GetCallerIdentity(t.Context(), nil); code(err) != "MissingAuthenticationToken" {
		t.Errorf("an anonymous GetCallerIdentity: %+v, %v", out, err)
	}
	broken := *role.Credentials
	broken.SessionToken = aws.String(strings.ToUpper(*broken.SessionToken))
	if got := f.reads(t, temporary(&broken), "reports/a"); got != "InvalidToken" {
		t.Errorf("a token that was changed: %s", got)
	}
	long := *role.Credentials
	long.SessionToken = aws.String(strings.Repeat("a", 8<<10))
	if got := f.reads(t, temporary(&long), "reports/a"); got != "InvalidToken" {
		t.Errorf("a token that is too long: %s", got)
	}
}

// TestSTSListener: a door of STS alone takes its calls, and nothing of S3.
func TestSTSListener(t *testing.T) {
	t.Parallel()
	f := federate(t)
	out, err := stsClient(f.sts, f.operator.AccessKeyID, f.operator.SecretAccessKey, "").GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Account != account {
		t.Errorf("%+v, %v", out, err)
	}
	alone := &federation{instance: &instance{Server: &sallyport.Server{Endpoint: f.sts}}, bucket: f.bucket}
	if got := alone.reads(t, temporary(f.exchanged(t, "orders", cluster().Token(serviceAccount()))), "orders/a"); got == "NoSuchKey" {
		t.Errorf("an object of S3: %s", got)
	}
}

// TestTemporaryObjects: what clients do with objects they do with temporary
// credentials, too: presigned URLs, and uploads in parts.
func TestTemporaryObjects(t *testing.T) {
	t.Parallel()
	f := federate(t)
	c := temporary(f.exchanged(t, "orders", cluster().Token(serviceAccount())))
	s3Client := f.objects(c)
	const key = "orders/large"
	up, err := s3Client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &f.bucket, Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Repeat("0123456789abcdef", 5*mebibyte/16)
	done, err := s3Client.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &f.bucket, Key: aws.String(key), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader(part)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s3Client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: &f.bucket, Key: aws.String(key), UploadId: up.UploadId,
		MultipartUpload: completed(1, done.ETag),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.reads(t, c, key); got != part {
		t.Errorf("the parts came back as %d bytes", len(got))
	}
	put(t, f.bucket, "reports/a", "not for it")
	for key, want := range map[string]int{key: 200, "reports/a": 403} {
		link, err := s3.NewPresignClient(s3Client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &f.bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(link.URL, "X-Amz-Security-Token=") {
			t.Fatalf("%s has no token", link.URL)
		}
		if status, body := fetch(t, "GET", link.URL, nil, nil); status != want || want == 200 && body != part {
			t.Errorf("the presigned URL of %s: %d, %d bytes", key, status, len(body))
		}
		without, _, _ := strings.Cut(link.URL, "X-Amz-Security-Token=")
		_, rest, _ := strings.Cut(link.URL, "&X-Amz-SignedHeaders")
		if status, _ := fetch(t, "GET", without+"X-Amz-SignedHeaders"+rest, nil, nil); status != 403 {
			t.Errorf("without its token: %d", status)
		}
	}
}

// completed is an upload of one part.
func completed(number int32, etag *string) *s3types.CompletedMultipartUpload {
	return &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{PartNumber: &number, ETag: etag}}}
}
