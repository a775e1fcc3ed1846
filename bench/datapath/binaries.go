package datapath

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// copies is how many processes there are of each program: what two of the same
// differ by is what no difference between programs can be told from.
const copies = 2

// Binaries compares programs of Sallyport, the first of which the others are
// judged by, with small objects and a store that costs next to nothing.
func Binaries(ctx context.Context, o measure.Turns, binaries []string) (r *report.Report, err error) {
	program, err := wrk.Program()
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(16 * mebibyte)
	if err != nil {
		return nil, err
	}
	f.Uses("wrk", program, "-v")
	defer func() { err = errors.Join(err, f.Close()) }()
	static, err := f.Static(ctx)
	if err != nil {
		return nil, err
	}
	var list []contender
	for n := range copies {
		for i, binary := range binaries {
			name := fmt.Sprintf("%s (%d)", filepath.Base(binary), n+1)
			own, err := f.Deploy(ctx, fleet.Deployment{
				Name: fmt.Sprintf("binary-%d-%d", i, n), Upstream: static.Addresses[0], Users: few, Binary: binary,
			})
			if err != nil {
				return nil, err
			}
			list = append(list, contender{name, own.Address, fleet.User, few, own.PID()})
		}
	}
	hash := sha256.Sum256([]byte(fleet.Object))
	r = &report.Report{}
	for _, k := range []kind{
		{"GET", "GET", fleet.Request{Method: http.MethodGet, Hash: fleet.EmptyHash}, false},
		{"PUT, hash of the body signed", "PUT", fleet.Request{Method: http.MethodPut, Hash: hex.EncodeToString(hash[:]), Size: fleet.ObjectSize}, false},
	} {
		results, err := compare(ctx, f, o, k, list)
		if err != nil {
			return nil, err
		}
		r.Text += "### " + k.name + ", a store behind that costs next to nothing\n\n" + programs(results, binaries) + "\n"
	}
	r.Versions = f.Versions()
	return r, nil
}

// programs is the table of processes, copy by copy, and how programs compare.
func programs(results []result, binaries []string) string {
	var rows [][]string
	for i := range results {
		at := &results[i]
		rows = append(rows, append(at.cells(),
			report.Summary(at.over(&results[0]), report.Ratio), report.Summary(measure.Ratios(at.cost, results[0].cost), report.Ratio)))
	}
	text := report.Table([]string{
		"1 KiB objects", "requests/s", "p50", "p99", "processor time", "requests/s, of the first", "processor time, of the first",
	}, rows) + "\n"
	of := func(program int, list func(*result) []float64) []float64 {
		sums := make([]float64, len(results[0].perSecond))
		for n := range copies {
			for i, v := range list(&results[n*len(binaries)+program]) {
				sums[i] += v
			}
		}
		return sums
	}
	rate, cost := func(r *result) []float64 { return r.perSecond }, func(r *result) []float64 { return r.cost }
	again := &results[len(binaries)]
	text += fmt.Sprintf("* %s, a second process over the first: %s the requests, %s the processor time: that much is chance.\n",
		filepath.Base(binaries[0]), report.Summary(again.over(&results[0]), report.Ratio), report.Summary(measure.Ratios(again.cost, results[0].cost), report.Ratio))
	for i := 1; i < len(binaries); i++ {
		text += fmt.Sprintf("* %s over %s, processes together: %s the requests, %s the processor time.\n", filepath.Base(binaries[i]), filepath.Base(binaries[0]),
			report.Summary(measure.Ratios(of(i, rate), of(0, rate)), report.Ratio), report.Summary(measure.Ratios(of(i, cost), of(0, cost)), report.Ratio))
	}
	return text
}
