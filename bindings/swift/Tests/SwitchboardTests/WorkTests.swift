import Foundation
import Switchboard
import Testing

/// The user's own work, and putting a chat away for a while.
@Suite struct WorkTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F52 only who is available and logged in is offered chats")
    func presence() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        #expect(try anna.presence().presence == .available)
        #expect(try await anna.outcome { try await $0.setPresence(presence: .away) } == .applied)
        try await anna.work { $0.presence.presence == .away }
        try office.visitor().say("for Boris")
        let first = try await boris.chat().chat
        try await anna.nothing()
        try await boris.target("Anna") { $0.presence == .away }

        let queues = try boris.queues()
        try #require(queues.count == 1)
        #expect(queues[0].name == "Sales" && queues[0].loggedIn)
        _ = try await boris.take(chat: first)
        let logOut = try await boris.outcome { try await $0.setQueueLogin(queue: queues[0].queue, loggedIn: false) }
        #expect(logOut == .applied)
        try await boris.work { !$0.queues[0].loggedIn }
        #expect(try await anna.outcome { try await $0.setPresence(presence: .available) } == .applied)
        try office.visitor().say("for Anna")
        _ = try await anna.chat { $0.lastMessage?.preview == "for Anna" }
        #expect(try await boris.recents { _ in true }.map(\.chat) == [first])
    }

    @Test("F52 going off shift says what is unanswered and gives it back when asked to")
    func offShift() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        _ = try await anna.take(chat: chat)
        try await boris.nothing()
        _ = try await anna.chat { $0.isMine && $0.pending == 0 }
        #expect(try anna.unanswered() == 1)

        let outcome = try await anna.outcome { try await $0.setPresence(presence: .offShift, release: true) }
        #expect(outcome == .applied)
        try await anna.nothing()
        #expect(try anna.unanswered() == 0)
        #expect(try await boris.chat().state == .waiting)
        let lines = try await boris.messages(chat) { $0.activities.contains(.released) }
        #expect(lines.last?.activity?.reason == .offShift)
    }

    @Test("F52 a schedule decides, is seen on every phone of the user, and must be one")
    func schedule() async throws {
        let anna = try await office.onlinePhone("Anna")
        let tablet = try await office.onlinePhone("Anna")
        // On shift for an hour of another day than today.
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let weekday = calendar.component(.weekday, from: anna.serverNow())  // 1 Sunday to 7 Saturday
        let iso = weekday == 1 ? 7 : weekday - 1
        let another = Interval(day: UInt8(iso % 7 + 1), from: 600, to: 660)
        let hours = WeekHours(zone: "UTC", intervals: [another])
        #expect(try await anna.outcome { try await $0.setSchedule(schedule: hours) } == .applied)
        for phone in [anna, tablet] {
            try await phone.work { $0.presence.schedule == hours && $0.presence.presence == .offShift }
        }
        #expect(try await anna.outcome { try await $0.setSchedule(schedule: nil) } == .applied)
        try await tablet.work { $0.presence.schedule == nil }

        let eighthDay = WeekHours(zone: "UTC", intervals: [Interval(day: 8, from: 600, to: 660)])
        await #expect(throws: SwitchboardError.Rejected(code: .badHours)) {
            try await anna.setSchedule(schedule: eighthDay)
        }
        let atlantis = WeekHours(zone: "Europe/Atlantis", intervals: [another], holidays: ["2026-12-25"])
        let outcome = try await anna.outcome { try await $0.setSchedule(schedule: atlantis) }
        #expect(outcome == .failed(code: .badHours))
        try await anna.work { $0.presence.schedule == nil }
    }

    @Test("F68 a chat is put away until its time, and the customer brings it back earlier")
    func snooze() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        try visitor.say("call me tomorrow")
        let chat = try await anna.chat { $0.actions.snooze }.chat
        let tomorrow = anna.serverNow().addingTimeInterval(24 * 3600)
        #expect(try await anna.outcome { try await $0.snooze(chat: chat, until: tomorrow) } == .applied)
        try await anna.nothing()
        #expect(try anna.badge() == 0)
        let away = try await anna.recents(.snoozed) { $0.count == 1 }[0]
        let until = try #require(away.snoozedUntil)
        #expect(abs(until.timeIntervalSince(tomorrow)) < 0.002)
        try visitor.say("or today")
        #expect(try await anna.chat { $0.lastMessage?.preview == "or today" }.snoozedUntil == nil)

        _ = try await anna.snooze(chat: chat, until: anna.serverNow().addingTimeInterval(1.5))
        try await anna.nothing()
        #expect(try await anna.chat().snoozedUntil == nil, "its time came")
        _ = try await anna.recents(.snoozed) { $0.isEmpty }

        _ = try await anna.snooze(chat: chat, until: tomorrow)
        try await anna.nothing()
        _ = try await anna.snooze(chat: chat, until: nil)
        _ = try await anna.chat()
        for wrong in [-1, 400 * 24 * 3600] as [TimeInterval] {
            await #expect(throws: SwitchboardError.Rejected(code: .badTime)) {
                try await anna.snooze(chat: chat, until: anna.serverNow().addingTimeInterval(wrong))
            }
        }
    }
}
