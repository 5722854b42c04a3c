// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"strconv"
	"time"

	"github.com/pyfly-go/pyfly/container"
)

// startup has Spring Boot's form, with additional numbers.
type startup struct {
	Timeline timeline `json:"timeline"`
	TookMs   float64  `json:"tookMs"`
	Beans    int      `json:"beans"`
}

type timeline struct {
	StartTime time.Time   `json:"startTime"`
	Events    []startStep `json:"events"`
}

type startStep struct {
	StartTime   time.Time   `json:"startTime"`
	EndTime     time.Time   `json:"endTime"`
	Duration    string      `json:"duration"` // ISO 8601
	StartupStep startupStep `json:"startupStep"`
	OffsetMs    float64     `json:"offsetMs"`
	DurationMs  float64     `json:"durationMs"`
}

type startupStep struct {
	Name     string `json:"name"`
	ID       int    `json:"id"`
	ParentID int    `json:"parentId,omitempty"` // the part of the whole
	Tags     []tag  `json:"tags"`
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func startupOf(app *container.ApplicationContext) startup {
	r := app.Report()
	s := startup{TookMs: milliseconds(r.Took), Beans: r.Beans, Timeline: timeline{StartTime: r.Begun, Events: []startStep{}}}
	parent := 0
	for i, step := range r.Steps {
		told := startStep{
			StartTime: r.Begun.Add(step.Begun), EndTime: r.Begun.Add(step.Begun + step.Took), Duration: isoDuration(step.Took),
			StartupStep: startupStep{Name: step.Name, ID: i + 1, ParentID: parent, Tags: []tag{}},
			OffsetMs:    milliseconds(step.Begun), DurationMs: milliseconds(step.Took),
		}
		if step.Bean == "" {
			parent, told.StartupStep.ParentID = i+1, 0
		} else {
			told.StartupStep.Tags = append(told.StartupStep.Tags, tag{"bean", step.Bean})
		}
		if step.By != "" {
			told.StartupStep.Tags = append(told.StartupStep.Tags, tag{"by", step.By})
		}
		s.Timeline.Events = append(s.Timeline.Events, told)
	}
	return s
}

func isoDuration(d time.Duration) string {
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}
