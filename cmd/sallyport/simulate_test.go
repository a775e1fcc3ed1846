package main

import (
	"bytes"
	"fmt"
	"testing"
)

// ordinaryLines are lines as a pipeline writes them: several callers, resources
// and documents, each of the documents in many lines.
func ordinaryLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"id":"%d","principal":{"type":"user","arn":"arn:aws:iam::111122223333:user/u%d","account":"111122223333"},`, i, i%10)
		fmt.Fprintf(&b, `"action":"s3:GetObject","resource":{"arn":"arn:aws:s3:::reports/%d.csv","account":"111122223333"},`, i)
		fmt.Fprintf(&b, `"context":{"aws:SourceIp":"192.0.2.%d","aws:SecureTransport":"true","aws:username":"u%d"},`, i%250, i%10)
		fmt.Fprintf(&b, `"policies":{"identity":[{"Version":"2012-10-17","Statement":[{"Sid":"Read%d","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::reports","arn:aws:s3:::reports/*"],"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/25"}}}]}],`, i%7)
		b.WriteString(`"boundary":[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}]}}` + "\n")
	}
	return b.Bytes()
}

func BenchmarkSimulate(b *testing.B) {
	const lines = 20_000
	input := ordinaryLines(lines)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if code := run([]string{"simulate", "-"}, bytes.NewReader(input), &out, &out); code != 0 {
			b.Fatalf("exit code %d: %s", code, out.Bytes())
		}
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
