//go:build unix

package e2e_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// probeText is what a probe object holds; no answer but GetObject's has it.
const probeText = "the content of the probe object"

// probeBodies are small well-formed bodies by operation.
var probeBodies = map[string]string{
	"DeleteObjects":                   `<Delete><Object><Key>not-the-probe</Key></Object></Delete>`,
	"PutBucketAcl":                    `<AccessControlPolicy><Owner><ID>` + store.AccessKeyID + `</ID></Owner><AccessControlList/></AccessControlPolicy>`,
	"PutObjectAcl":                    `<AccessControlPolicy><Owner><ID>` + store.AccessKeyID + `</ID></Owner><AccessControlList/></AccessControlPolicy>`,
	"PutBucketCors":                   `<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>`,
	"PutBucketEncryption":             `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
	"PutBucketLifecycleConfiguration": `<LifecycleConfiguration><Rule><ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>1000</Days></Expiration></Rule></LifecycleConfiguration>`,
	"PutBucketOwnershipControls":      `<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`,
	"PutBucketPolicy":                 `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}`,
	"PutBucketTagging":                `<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>`,
	"PutBucketVersioning":             `<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>`,
	"PutObjectLockConfiguration":      `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>`,
	"PutObjectTagging":                `<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>`,
	"PutObjectLegalHold":              `<LegalHold><Status>OFF</Status></LegalHold>`,
	"PutObjectRetention":              `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2040-01-01T00:00:00Z</RetainUntilDate></Retention>`,
	"RestoreObject":                   `<RestoreRequest><Days>1</Days></RestoreRequest>`,
	"CompleteMultipartUpload":         `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"00000000000000000000000000000000"</ETag></Part></CompleteMultipartUpload>`,
	"UploadPart":                      "a part",
}

// probe is one line of the mapper's golden file.
type probe struct{ method, target, field, operation string }

// documentedOperations are the core of docs/operations.md, and what it says of
// versitygw beyond; both are compared with the mapper there.
func documentedOperations(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, core, _ := strings.Cut(string(text), "`core` is ")
	core, _, found := strings.Cut(core, ".\n")
	row := regexp.MustCompile("(?m)^\\| versitygw .*`\\[core, (.*)\\]`").FindStringSubmatch(string(text))
	if !found || row == nil {
		t.Fatal("docs/operations.md does not tell the operations")
	}
	var names []string
	for _, match := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(core, -1) {
		names = append(names, match[1])
	}
	return append(names, strings.Split(row[1], ", ")...)
}

func readProbes(t *testing.T) []probe {
	t.Helper()
	text, err := os.ReadFile("../action/s3/testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []probe
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		request, rest, _ := strings.Cut(line, "  ")
		operation, _, _ := strings.Cut(rest, "  ")
		method, target, _ := strings.Cut(request, " ")
		target, field, _ := strings.Cut(target, " [")
		out = append(out, probe{method, target, strings.TrimSuffix(field, "]"), operation})
	}
	return out
}

// TestOperationsAreTheStores: every operation that Sallyport takes the store to
// have is that operation there, or refused, when it comes with a sub-resource:
// never the bare operation of its method, which would return, overwrite or
// delete the object, or list, make or delete the bucket.
func TestOperationsAreTheStores(t *testing.T) {
	t.Parallel()
	names := documentedOperations(t)
	root := place{shared.store.Endpoint, sallyport.Key{AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey}}
	client := shared.store.Client()
	tried := map[string]bool{}
	for _, p := range readProbes(t) {
		path, query, selects := strings.Cut(p.target, "?")
		if !slices.Contains(names, p.operation) {
			continue
		}
		tried[p.operation] = true
		if !selects || strings.Contains(query, "versionId=") {
			continue // a bare operation itself, or one of a version
		}
		t.Run(p.operation, func(t *testing.T) {
			t.Parallel()
			object := strings.Count(path, "/") > 1
			bucket := "probe-" + random(6)
			if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
				t.Fatal(err)
			}
			filled := object || p.method != "DELETE"
			if filled {
				_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("2026/q1.csv"), Body: strings.NewReader(probeText)})
				if err != nil {
					t.Fatal(err)
				}
			}
			target := strings.Replace(p.target, "/reports", "/"+bucket, 1)
			if strings.Contains(query, "uploadId=") {
				upload, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("2026/q1.csv")})
				if err != nil {
					t.Fatal(err)
				}
				target = regexp.MustCompile(`uploadId=[^&]*`).ReplaceAllString(target, "uploadId="+*upload.UploadId)
			}
			status, answer := p.send(t, root, target, bucket)
			listing := p.operation == "ListObjectsV2"
			if strings.Contains(answer, probeText) || !listing && strings.Contains(answer, "<ListBucketResult") || strings.Contains(answer, "<Code>BucketAlready") {
				t.Errorf("%d: it was answered as a bare %s: %s", status, p.method, answer)
			}
			if !bucketExists(t, client, bucket) {
				t.Fatalf("%d: the bucket is gone", status)
			}
			if text, ok := stored(t, bucket, "2026/q1.csv"); filled && text != probeText {
				t.Errorf("%d: the object holds %q now (there: %t)", status, text, ok)
			}
			if p.method == "PUT" && !object {
				nobody := "probe-" + random(6)
				status, _ := p.send(t, root, strings.Replace(p.target, "/reports", "/"+nobody, 1), nobody)
				if bucketExists(t, client, nobody) {
					t.Errorf("%d: it made a bucket", status)
				}
			}
		})
	}
	for _, name := range names {
		if !tried[name] {
			t.Errorf("%s was not tried", name)
		}
	}
}

// send sends a probe to the store itself.
func (p probe) send(t *testing.T, root place, target, bucket string) (status int, answer string) {
	t.Helper()
	body := strings.ReplaceAll(probeBodies[p.operation], "BUCKET", bucket)
	if body == "" && p.method == "PUT" && p.field == "" {
		t.Fatalf("there is no body for %s: add one", p.operation)
	}
	fields := []string{"Content-Length: " + strconv.Itoa(len(body)), "Content-Md5: " + contentMD5(body)}
	if p.field != "" {
		fields = append(fields, strings.Replace(p.field, "archive/old/", bucket+"/2026/", 1))
	}
	m := root.signed(t, p.method, target, sum256(body), fields...).carrying(body)
	if body == "" && (p.method == "POST" || p.method == "PUT") {
		m = m.with("Content-Length: 0")
	}
	response, answer := exchange(t, root.endpoint, m.String())
	return response.StatusCode, answer
}

func bucketExists(t *testing.T, client *s3.Client, bucket string) bool {
	t.Helper()
	_, err := client.HeadBucket(context.WithoutCancel(t.Context()), &s3.HeadBucketInput{Bucket: &bucket})
	return err == nil
}

// TestUnknownSubresourceDoesNothing: GET ?annotation returned the object, PUT
// ?encryption overwrote it, DELETE ?annotation deleted it, and the like with
// buckets: the store overlooks what it does not know.
func TestUnknownSubresourceDoesNothing(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	put(t, bucket, "k", probeText)
	p := at(admin)
	nobody, empty := "nobody-"+random(6), "empty-"+random(6)
	if _, err := p.client(t).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &empty}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"GET /B/k?annotation", "GET /B/k?annotation&annotationName=n", "GET /B/k?torrent",
		"PUT /B/k?annotation&annotationName=n", "PUT /B/k?encryption", "DELETE /B/k?annotation&annotationName=n",
		"GET /B?abac", "GET /B?metadataConfiguration", "GET /B?metadataTable", "PUT /N?abac", "PUT /N?metadataJournalTable",
		"DELETE /E?metadataConfiguration", "DELETE /E?metadataTable",
	} {
		method, target, _ := strings.Cut(strings.NewReplacer("/B", "/"+bucket, "/N", "/"+nobody, "/E", "/"+empty).Replace(line), " ")
		m := p.signed(t, method, target, emptyHash)
		if method == "PUT" {
			m = p.signed(t, method, target, sum256("x"), "Content-Length: 1").carrying("x")
		}
		response, answer := exchange(t, p.endpoint, m.String())
		if response.StatusCode != 501 || !strings.Contains(answer, "<Code>NotImplemented</Code>") || strings.Contains(answer, probeText) {
			t.Errorf("%s: %d %s", line, response.StatusCode, answer)
		}
	}
	if text, ok := stored(t, bucket, "k"); text != probeText {
		t.Errorf("the object holds %q now (there: %t)", text, ok)
	}
	client := shared.store.Client()
	if !bucketExists(t, client, empty) || bucketExists(t, client, nobody) {
		t.Error("a bucket was made or deleted")
	}
}

func contentMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}
