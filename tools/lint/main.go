// SPDX-License-Identifier: Apache-2.0

// Lint is what "make lint" runs: staticcheck, all passes of "go vet", and a few
// analyzers more. As one program it loads and type-checks each package once,
// and keeps its results in staticcheck's cache. The checks of staticcheck that
// are left out are in staticcheck.conf, with the reasons.
package main

import (
	"os"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/reflectvaluecompare"
	"golang.org/x/tools/go/analysis/passes/scannererr"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"honnef.co/go/tools/lintcmd"
	"honnef.co/go/tools/lintcmd/version"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

// more are analyzers that are neither in staticcheck nor in go vet. Together
// they take 2 of the 40 CPU seconds of a run without a cache.
//
// Tried and left out:
//   - errorlint reports each comparison of an error's identity: 52 findings, all
//     of them intended.
//   - errcheck reports each call whose result has an Error method: 57 findings,
//     most of them no errors.
//   - exhaustive: 30 findings, most of them a switch over reflect.Kind.
//   - bodyclose does not see that a helper closes the body: 166 findings.
var more = []*analysis.Analyzer{
	nilness.Analyzer,             // dereferences of nil, and comparisons with nil whose result is known
	unusedwrite.Analyzer,         // writes to a copy of a struct that is not read again
	reflectvaluecompare.Analyzer, // == of two reflect.Values, which does not compare what they hold
	scannererr.Analyzer,          // a bufio.Scanner whose error is not checked: it has found two
}

func main() {
	cmd := lintcmd.NewCommand("lint")
	cmd.SetVersion(version.Version, version.MachineVersion)
	cmd.ParseFlags(os.Args[1:])
	cmd.AddAnalyzers(simple.Analyzers...)
	cmd.AddAnalyzers(staticcheck.Analyzers...)
	cmd.AddAnalyzers(stylecheck.Analyzers...)
	cmd.AddAnalyzers(unused.Analyzer)
	cmd.AddBareAnalyzers(uncategorized(vet)...)
	cmd.AddBareAnalyzers(uncategorized(more)...)
	cmd.Run()
}

// uncategorized makes analyzers report without a category. staticcheck
// interprets it as the name of the check, and drops findings of unknown checks.
func uncategorized(analyzers []*analysis.Analyzer) []*analysis.Analyzer {
	var all []*analysis.Analyzer
	for _, a := range analyzers {
		changed := *a
		changed.Run = func(pass *analysis.Pass) (any, error) {
			report := pass.Report
			pass.Report = func(d analysis.Diagnostic) {
				d.Category = ""
				report(d)
			}
			return a.Run(pass)
		}
		all = append(all, &changed)
	}
	return all
}
