//go:build linux

package effects_test

// template is a request that does something; what stands in braces is filled in.
type template struct {
	method, query string
	bucket        bool // is addressed to a bucket
	fields        []string
	body          string
}

// templates are the operations by which something is read or changed. Requests
// are made of them by changes.
var templates = []template{
	{method: "GET"},
	{method: "HEAD"},
	{method: "PUT", body: "new"},
	{method: "DELETE"},
	{method: "GET", query: "versionId={version}"},
	{method: "HEAD", query: "versionId={version}"},
	{method: "DELETE", query: "versionId={version}"},
	{method: "GET", query: "tagging"},
	{method: "GET", query: "tagging&versionId={version}"},
	{method: "PUT", query: "tagging", body: "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"},
	{method: "PUT", query: "tagging&versionId={version}", body: "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"},
	{method: "DELETE", query: "tagging"},
	{method: "DELETE", query: "tagging&versionId={version}"},
	{method: "GET", query: "attributes", fields: []string{"x-amz-object-attributes: ETag,ObjectSize"}},
	{method: "PUT", fields: []string{"x-amz-copy-source: {source}"}},
	{method: "PUT", fields: []string{"x-amz-copy-source: {source}?versionId={version}"}},
	{method: "PUT", fields: []string{"x-amz-copy-source: {source}", "x-amz-tagging-directive: REPLACE", "x-amz-tagging: a=b", "x-amz-metadata-directive: REPLACE"}},
	{method: "PUT", body: "new", fields: []string{"x-amz-tagging: a=b", "x-amz-meta-a: b"}},
	{method: "POST", query: "uploads"},
	{method: "POST", query: "uploads", fields: []string{"x-amz-tagging: a=b"}},
	{method: "PUT", query: "partNumber=2&uploadId={upload}", body: "part"},
	{method: "PUT", query: "partNumber=2&uploadId={upload}", fields: []string{"x-amz-copy-source: {source}"}},
	{method: "POST", query: "uploadId={upload}", body: "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"},
	{method: "DELETE", query: "uploadId={upload}"},
	{method: "GET", query: "uploadId={upload}"},
	{method: "POST", query: "delete", bucket: true, body: "<Delete>{entries}</Delete>"},
	{method: "POST", query: "delete", bucket: true, body: "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>{entries}</Delete>"},
	{method: "GET", bucket: true},
	{method: "GET", query: "list-type=2&prefix={key}", bucket: true},
	{method: "GET", query: "versions", bucket: true},
	{method: "GET", query: "uploads", bucket: true},
	{method: "HEAD", bucket: true},
	{method: "PUT", bucket: true},
	{method: "DELETE", bucket: true},
	{method: "PUT", query: "versioning", bucket: true, body: "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"},
	{method: "PUT", query: "tagging", bucket: true, body: "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"},
	{method: "DELETE", query: "tagging", bucket: true},
	{method: "PUT", query: "acl", bucket: true, fields: []string{"x-amz-acl: private"}},
	{method: "GET", query: "acl", bucket: true},
	{method: "GET", query: "policy", bucket: true},
	{method: "PUT", query: "acl", fields: []string{"x-amz-acl: private"}},
	{method: "GET", query: "acl"},
	{method: "PUT", query: "legal-hold", body: "<LegalHold><Status>ON</Status></LegalHold>"},
	{method: "PUT", query: "retention", body: "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2040-01-01T00:00:00Z</RetainUntilDate></Retention>"},
	{method: "POST", query: "restore", body: "<RestoreRequest><Days>1</Days></RestoreRequest>"},
	{method: "POST", query: "select&select-type=2", body: "<SelectObjectContentRequest></SelectObjectContentRequest>"},
	{method: "POST", bucket: true, fields: []string{"Content-Type: multipart/form-data; boundary=line"}, body: "{form}"},
}

// entries are those of a DeleteObjects.
var entries = []string{
	"<Key>{xml}</Key>",
	"<Key>{references}</Key>",
	"<Key><![CDATA[{raw}]]></Key>",
	"<Key>{xml}</Key><VersionId>{version}</VersionId>",
	"<VersionId>{version}</VersionId><Key>{xml}</Key>",
	"<Key>{xml}</Key><Key>plain</Key>",
	"<Key> {xml} </Key>",
	"<Key>{xml}<!-- not -->more</Key>",
	"<Key>{key}</Key>",
	"<Key>{xml}</Key><VersionId></VersionId>",
	"<Key>{xml}</Key><ETag>e</ETag>",
	"<a:Key xmlns:a=\"b\">{xml}</a:Key>",
	"<key>plain</key><Key>{xml}</Key>",
	"<Key a=\"b\">{xml}</Key>",
}

// forms are uploads by forms.
var forms = []string{
	"--line\nContent-Disposition: form-data; name=\"key\"\n\n{raw}\n--line\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\n\nnew\n--line--\n",
	"--line\nContent-Disposition: form-data; name=\"key\"\n\ndir/${filename}\n--line\nContent-Disposition: form-data; name=\"file\"; filename=\"inner\"\n\nnew\n--line--\n",
	"--line\nContent-Disposition: form-data; name=\"key\"\n\n${filename}\n--line\nContent-Disposition: form-data; name=\"file\"; filename=\"../{raw}\"\n\nnew\n--line--\n",
	"--line\nContent-Disposition: form-data; name=\"key\"\n\n{raw}\n--line\nContent-Disposition: form-data; name=\"tagging\"\n\n<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>\n--line\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\n\nnew\n--line--\n",
	"--line\nContent-Disposition: form-data; name=\"key\"\n\nplain\n--line\nContent-Disposition: form-data; name=\"Key\"\n\n{raw}\n--line\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\n\nnew\n--line--\n",
	"--line\nContent-Disposition: form-data; name=\"key\"\n\n{raw}\n--line\nContent-Disposition: form-data; name=\"x-amz-copy-source\"\n\n{source}\n--line\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\n\nnew\n--line--\n",
}

// oddBuckets are names that are no bucket, or are not the plain name of one.
var oddBuckets = []string{"newone", "Alpha", "alpha.", "al%70ha", "alpha%2Fplain", "..", ".", "alpha%00", "bravo;", "%61lpha", "alpha%20", ".sgwtmp", "alpha/..", "admin", "bravo%3F"}

// newKeys are keys that no object has, or none can have here.
var newKeys = []string{"new", "new/deep/er", "newdir/", "a//b", "../bravo/plain", "dir/../plain", "./plain", "..", "plain/", "plain/below", ".sgwtmp/multipart/x", "plain ", "back\\slash", "a\nb", "\x00", "\xff", unnamed}

// fragments come into paths anywhere.
var fragments = []string{"/", "//", "/../", "/./", "%2F", "%2f", "..", "/..%2f", "%2e%2e/", "%2E", "%00", ";", "\\", "%5C", "%0a", "%0d%0a", "+", "%20", "%2B", "?", "%3F", "#", "%23", "%", "%zz", "%25", "%252F", "é", "&", "=", "@", ":", "*"}

// parameters come into queries: selectors of other operations, in several
// spellings, headers that presigners hoist, and what means nothing.
var parameters = []string{
	"tagging", "tagging=", "tagging=1", "Tagging", "%74agging", "tagging;x", "acl", "acl=", "versions", "versioning", "uploads", "uploads=", "delete", "delete=",
	"policy", "policyStatus", "cors", "location", "attributes", "retention", "legal-hold", "object-lock", "restore", "select", "select&select-type=2", "torrent", "annotation", "encryption", "renameObject", "session", "append", "website", "lifecycle", "notification", "ownershipControls",
	"list-type=2", "list-type=1", "prefix={key}", "prefix=", "delimiter=/", "key={key}", "max-keys=1", "encoding-type=url", "marker={key}", "start-after={key}",
	"versionId={version}", "versionId=", "versionid={version}", "versionId=null", "VersionId={version}",
	"uploadId={upload}", "uploadId=", "uploadid={upload}", "partNumber=1", "partNumber=2", "partNumber=0", "uploadId=../../x",
	"x-amz-copy-source={source}", "X-Amz-Copy-Source={source}", "x-amz-tagging=c%3Dd", "X-Amz-Tagging=c%3Dd", "x-amz-acl=private", "x-amz-meta-c=d", "x-amz-tagging-directive=REPLACE", "x-amz-metadata-directive=REPLACE",
	"x-amz-object-lock-legal-hold=ON", "x-amz-bypass-governance-retention=true", "x-amz-rename-source=/{bucket}/plain", "x-amz-website-redirect-location=/x",
	"response-content-type=text/html", "x-id=GetObject", "x-other=1", "unknown", "unknown=1", "X-Amz-Expires=600", "=", "&", "a=b=c", "a=%zz", "+", "%00",
}

// fields come into headers.
var fields = []string{
	"x-amz-copy-source: {source}", "x-amz-copy-source: {source}?versionId={version}", "X-Amz-Copy-Source: {bucket}/{raw}", "x-amz-copy-source: {source}?versionId=", "x-amz-copy-source: {source}%3FversionId={version}", "x-amz-copy-source: arn:aws:s3:::{bucket}/plain", "x-amz-copy-source: {bucket}/../bravo/plain", "x-amz-copy-source: {bucket}//plain", "x_amz_copy_source: {source}", "x-amz-copy-source : {source}",
	"x-amz-copy-source-range: bytes=0-3", "x-amz-copy-source-if-match: *", "x-amz-tagging: e=f", "x-amz-tagging: mark=x&mark=y", "x-amz-tagging-directive: COPY", "x-amz-tagging-directive: REPLACE", "x-amz-metadata-directive: REPLACE",
	"x-amz-acl: private", "x-amz-acl: public-read", "x-amz-grant-read: id=x", "x-amz-object-lock-legal-hold: ON", "x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: 2040-01-01T00:00:00Z", "x-amz-bypass-governance-retention: true",
	"x-amz-meta-snowball-auto-extract: true", "x-amz-meta-c: d", "x-amz-version-id: {version}", "x-amz-rename-source: /{bucket}/plain", "x-amz-write-offset-bytes: 0", "x-amz-mfa: 1 2",
	"If-Match: *", "If-Match: \"e\"", "If-None-Match: *", "Range: bytes=0-3", "Expect: 100-continue",
	"x-http-method-override: DELETE", "x-original-url: /bravo/plain", "x-rewrite-url: /bravo/plain", "x-forwarded-host: bravo.s3.example.com", "x-forwarded-prefix: /bravo", "Transfer-Encoding: chunked", "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: aws-chunked", "x-amz-decoded-content-length: 3", "x-minio-extract: true", "x-amz-expected-bucket-owner: 111122223333",
}

var methods = []string{"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "get", "COPY", "MOVE"}
