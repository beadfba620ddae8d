import Foundation
import Switchboard
import Testing

/// Settings > Chat, and what they make of what happens.
@Suite struct SettingsTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F47 F48 F49 settings begin with everything on, are kept over a restart, and are told")
    func kept() async throws {
        let directory = try office.directory()
        let set = NotificationSettings(
            inAppToaster: false, systemNotifications: true, sound: true, defaultSound: .knock,
            sounds: [KindSound(channelKind: nil, sound: .hum)], previews: false)
        do {
            let anna = try await office.onlinePhone("Anna", directory)
            #expect(try anna.notificationSettings() == NotificationSettings(
                inAppToaster: true, systemNotifications: true, sound: true, defaultSound: .chime, sounds: [],
                previews: true))
            let changes = try anna.deskChanges()
            try await anna.setNotificationSettings(settings: set)
            _ = try await next("change", changes) { $0 == .notifications }
            try await anna.stop()
        }
        #expect(try office.phone(directory).notificationSettings() == set)
        #expect(allSounds().map { soundFile(sound: $0) } == ["chime", "ping", "bell", "knock", "hum"])
    }

    @Test("F47 F48 F49 F50 F53 what happens is told once, and looks and sounds as it is set", .timeLimit(.minutes(2)))
    func told() async throws {
        let anna = try await office.onlinePhone("Anna")
        var told = try anna.notifications().makeAsyncIterator()
        let visitor = try office.visitor()
        try visitor.say("anybody there?")
        let offered = try #require(await told.next())
        #expect(offered.kind == .offered && offered.body == "anybody there?" && offered.channelKind == .liveChat)
        #expect(offered.sound == .chime && offered.inApp && offered.system)

        _ = try await anna.take(chat: offered.chat)
        _ = try await anna.chat { $0.isMine && $0.pending == 0 }
        try await anna.setNotificationSettings(
            settings: NotificationSettings(
                inAppToaster: false, systemNotifications: true, sound: true, defaultSound: .chime,
                sounds: [KindSound(channelKind: .liveChat, sound: .bell)], previews: false))
        try visitor.say("hello?")
        let message = try #require(await told.next())
        #expect(message.kind == .message && message.title == nil && message.body == nil)
        #expect(message.sound == .bell && !message.inApp && message.system)
        #expect(try await anna.notification(chat: offered.chat, message: message.message) == message)
        _ = try await anna.setPresence(presence: .offShift)
        #expect(try await anna.notification(chat: offered.chat, message: message.message) == nil, "it is silent")
    }
}
