// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// colours tell the variants apart, also for the colour-blind (Okabe and Ito).
var colours = []color.Color{
	color.RGBA{0x00, 0x72, 0xB2, 0xFF}, color.RGBA{0xE6, 0x9F, 0x00, 0xFF},
	color.RGBA{0x00, 0x9E, 0x73, 0xFF}, color.RGBA{0xD5, 0x5E, 0x00, 0xFF},
}

// draw makes a plot of the load and one of what came of it.
func draw(folder string, results map[string]*series) error {
	load := func(s *series) []float64 { return s.attempts[:] }
	goods := func(s *series) []float64 { return s.goods[:] }
	if err := drawOne(filepath.Join(folder, "storm-load.svg"), "requests a second that reach for the service", results, load); err != nil {
		return err
	}
	return drawOne(filepath.Join(folder, "storm-goodput.svg"), "calls a second that succeed", results, goods)
}

func drawOne(path, label string, results map[string]*series, of func(*series) []float64) error {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "seconds; the service has a tenth of its capacity from 60 to 120", label
	p.Y.Min = 0
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	for i, v := range variants() {
		values := of(results[v.name])
		points := make(plotter.XYs, int(end.Seconds()))
		for second := range points {
			points[second].X, points[second].Y = float64(second), values[second]
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = colours[i], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(v.name, line)
	}
	return p.Save(18*vg.Centimeter, 9*vg.Centimeter, path)
}
